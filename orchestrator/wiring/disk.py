"""How much room is left for the data, looked at beside the event loop: a disk may take its time."""

import asyncio
import logging
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks


class FreeSpace:
    def __init__(self, *folders: Path, least: int) -> None:
        """`least` in bytes, in each of the folders."""
        self._folders = folders
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
            return all(shutil.disk_usage(folder).free > self._least for folder in self._folders)
        except OSError as error:
            if self.enough:
                log.warning("no job is accepted while the data can't be reached: %s", error)
            return False
