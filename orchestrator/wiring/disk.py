"""How much room is left for the data, looked at beside the event loop: a disk may take its time."""

import asyncio
import logging
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks


class FreeSpace:
    def __init__(self, folder: Path, *, least: int) -> None:
        """`least` in bytes."""
        self._folder = folder
        self._least = least
        self.enough = True
        self.enough = self._look()

    async def follow(self) -> None:
        """Keep `enough` true until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            self.enough = await asyncio.to_thread(self._look)

    def _look(self) -> bool:
        try:
            return shutil.disk_usage(self._folder).free > self._least
        except OSError as error:
            if self.enough:
                log.warning("no job is accepted while the data can't be reached: %s", error)
            return False
