"""The shelf, kept up to date while the service runs."""

import asyncio
import logging
from contextlib import aclosing
from pathlib import Path
from typing import Self

from watchfiles import awatch

from orchestrator.catalog.folders import Folders
from orchestrator.models import Shelf

LOOK_EVERY = 1.0  # seconds; network folders send no events, and no event says that a copy is done

log = logging.getLogger(__name__)


def read_shelf(workflows_dir: Path, models_dir: Path, *, default_model: str = "") -> Shelf:
    """What these folders offer now. Blocks."""
    return Folders(workflows_dir, models_dir, default_model=default_model).read()


class Catalog(Folders):
    """Between entry and exit a change of the folders is on the shelf within 5 s."""

    _shelf = Shelf()
    _watcher: asyncio.Task[None]

    def shelf(self) -> Shelf:
        return self._shelf

    def read(self) -> Shelf:
        """Put what can be offered now on the shelf. Blocks."""
        former, self._shelf = self._shelf, super().read()
        for fault in set(self._shelf.faults) - set(former.faults):
            log.warning("%s", fault)
        if list(self._shelf.models) != list(former.models):
            log.info("Models served: %s", ", ".join(self._shelf.models) or "none")
        return self._shelf

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.read)
        self._watcher = asyncio.create_task(self._watch(), name="catalog")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watcher.cancel()
        await asyncio.wait([self._watcher])

    async def _watch(self) -> None:
        timeout = int(LOOK_EVERY * 1000)
        while True:
            events = awatch(
                *self.watched, debounce=500, rust_timeout=timeout, yield_on_timeout=True
            )
            try:
                async with aclosing(events):
                    async for _ in events:
                        await self._refresh()
            except (OSError, RuntimeError) as error:  # no such folder, no watches left
                log.debug("No file events, looking every %s s: %s", LOOK_EVERY, error)
            await asyncio.sleep(LOOK_EVERY)
            await self._refresh()

    async def _refresh(self) -> None:
        try:
            await asyncio.to_thread(self.read)
        except Exception:
            log.exception("The folders can't be read; the former shelf is served")
