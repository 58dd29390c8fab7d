"""The shelf, kept up to date while the service runs."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Self

from watchfiles import awatch

from orchestrator.catalog.folders import Folders, any_unread
from orchestrator.models import Shelf, WeightFacts

LOOK_EVERY = 1.0  # seconds; network folders send no events, and no event says that a copy is done
LONGEST_PAUSE = 2.0  # seconds between two looks where one takes long
MOST_NAMED = 20  # in one line of the log
SHARE = 0.05  # of the time that looks may take while nothing happens

log = logging.getLogger(__name__)


def read_shelf(workflows_dir: Path, models_dir: Path, *, default_model: str = "") -> Shelf:
    """What these folders offer now. Blocks."""
    return Folders(workflows_dir, models_dir, default_model=default_model).read_all()


class Catalog(Folders):
    """Between entry and exit a change of the folders is on the shelf within 5 s."""

    _shelf = Shelf()
    _tasks: Sequence[asyncio.Task[None]] = ()
    _looked = 0.0  # monotonic seconds, when the last look ended
    _took = 0.0  # seconds

    def shelf(self) -> Shelf:
        return self._shelf

    def read(self) -> Shelf:
        """Put what can be offered now on the shelf. Blocks."""
        self._shelf = super().read()
        return self._shelf

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._read_and_tell)
        self._tasks = [
            asyncio.create_task(self._watch(), name="catalog"),
            asyncio.create_task(self._compare(), name="catalog"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _watch(self) -> None:
        timeout = int(LOOK_EVERY * 1000)
        while True:
            events = awatch(
                *self.watched, debounce=500, rust_timeout=timeout, yield_on_timeout=True
            )
            try:
                async with aclosing(events):
                    async for changes in events:
                        if changes or self._is_due():
                            await self._refresh()
            except Exception as error:  # noqa: BLE001  no such folder, no watches left, odd names
                log.debug("No file events, looking every %s s: %s", LOOK_EVERY, error)
            await asyncio.sleep(LOOK_EVERY)
            await self._refresh()

    def _is_due(self) -> bool:
        """Without an event, where there is much to look at, not every time."""
        if any_unread(self._shelf):
            return True
        pause = min(self._took / SHARE, LONGEST_PAUSE)
        return time.monotonic() - self._looked >= pause

    async def _refresh(self) -> None:
        start = time.monotonic()
        try:
            await asyncio.to_thread(self._read_and_tell)
        except Exception:
            log.exception("The folders can't be read; the former shelf is served")
        self._looked = time.monotonic()
        self._took = self._looked - start

    def _read_and_tell(self) -> None:
        former = self._shelf
        if self.read() is not former:
            _tell(former, self._shelf)

    async def _compare(self) -> None:
        """Whenever there are other weights, but never at the cost of noticing them."""
        seen: Mapping[str, WeightFacts] = {}
        while True:
            if self._shelf.weights != seen:
                seen = self._shelf.weights
                await self._weights.compare()
            await asyncio.sleep(LOOK_EVERY)


def _tell(former: Shelf, shelf: Shelf) -> None:
    for fault in set(shelf.faults) - set(former.faults):
        log.warning("%s", fault)
    for what, these, those in (
        ("served", shelf.models, former.models),
        ("no longer served", former.models, shelf.models),
    ):
        keys = [key for key in these if key not in those]
        if keys:
            more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
            log.info("Models %s: %s%s", what, ", ".join(keys[:MOST_NAMED]), more)
    first, before = next(iter(shelf.models), ""), next(iter(former.models), "")
    if first != before:
        log.info("The first model is %s now", first or "none")
