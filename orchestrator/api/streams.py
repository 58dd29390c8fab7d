"""Answers that last: bounded for each caller, and ended together when the service stops."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import RateLimited

FULL_FOR = 10.0  # seconds after which a caller may ask again


class Streams:
    def __init__(self, most: int = 16) -> None:
        """`most` streams at once of one caller."""
        self._most = most
        self._tasks: dict[str, set[asyncio.Task[object]]] = defaultdict(set)  # by caller
        self._closing = False

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        """The current task streams within the block, which ends at once when all are closed.
        Raises RateLimited."""
        task = asyncio.current_task()
        if task is None or len(self._tasks[name]) >= self._most:
            raise RateLimited(retry_after=FULL_FOR)
        self._tasks[name].add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._closing:
                raise
        finally:
            self._leave(name, task)

    def close(self) -> None:
        self._closing = True
        for tasks in self._tasks.values():
            for task in tasks:
                task.cancel()

    def _leave(self, name: str, task: asyncio.Task[object]) -> None:
        self._tasks[name].discard(task)
        if not self._tasks[name]:
            del self._tasks[name]
