"""Where a waiting job stands and how long it may have to wait: an estimate, from a recent look."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable

from orchestrator.jobs import statements
from orchestrator.jobs.database import Database
from orchestrator.models import Job
from orchestrator.ports import Place

LOOKED = 1.0  # seconds for which a look at the queue is good
SHARE = 0.05  # of the time, at most, is spent on looking
RECENT = 300.0  # seconds of which the ends say how long a job takes


class Outlook:
    """The port Outlook. Keys that take turns, limits and loaded checkpoints change the order a
    little; what is said is the place by priority and age."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[tuple[int, float]] = []  # priority, negated, and age; sorted
        self._pace: float | None = None  # seconds from one end to the next
        self._good_until = 0.0
        self._looking = asyncio.Lock()

    async def place(self, job: Job) -> Place:
        async with self._looking:
            if self._clock() >= self._good_until:
                await self._look()
        position = 1 + bisect_left(self._waiting, (-job.priority, job.created.timestamp()))
        return Place(position, wait=None if self._pace is None else position * self._pace)

    async def _look(self) -> None:
        begun = self._clock()
        rows = await self._database.read(statements.WAITING)
        self._waiting = sorted((-row["priority"], row["created"]) for row in rows)
        self._pace = await pace(self._database, now=begun)
        now = self._clock()
        self._good_until = now + max(LOOKED, (now - begun) / SHARE)


async def pace(database: Database, *, now: float) -> float | None:
    """Seconds from the end of one job to that of the next; None: nothing has ended lately."""
    [recent] = await database.read(statements.PACE, {"since": now - RECENT})
    seconds = recent["seconds"]
    return None if seconds is None else float(seconds) / max(1, recent["running"])
