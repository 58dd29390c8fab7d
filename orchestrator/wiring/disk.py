"""How much room is left for the data, looked at beside the event loop: a disk may take its time."""

import asyncio
import logging
import shutil
from pathlib import Path

from orchestrator.models import Room

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks


class FreeSpace:
    def __init__(self, *folders: Path, least: int) -> None:
        """`least` in bytes, in each of the folders."""
        self._folders = folders
        self._least = least
        self.rooms: tuple[Room, ...] = ()
        self._look()

    @property
    def enough(self) -> bool:
        return all(room.enough for room in self.rooms)

    async def follow(self) -> None:
        """Keep `rooms` true until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            await asyncio.to_thread(self._look)

    def _look(self) -> None:
        was_enough = self.enough
        self.rooms = tuple(self._room(folder, tell=was_enough) for folder in self._folders)

    def _room(self, folder: Path, *, tell: bool) -> Room:
        free = None
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            if tell:
                log.warning("no job is accepted while the data can't be reached: %s", error)
        return Room(folder=str(folder), free=free, least=self._least)
