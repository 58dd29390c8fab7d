"""Where a waiting job stands and how long it may have to wait: an estimate, from a recent look."""

import time
from bisect import bisect_left
from collections.abc import Callable

from orchestrator.edge_ports import Place
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database
from orchestrator.models import Job
from orchestrator.recent import Recent

LOOKED = 1.0  # seconds for which a look at the queue is good
RECENT = 300.0  # seconds of which the ends say how long a job takes


class Outlook:
    """The port Outlook. Keys that take turns, limits and loaded checkpoints change the order a
    little; what is said is the place by priority and age."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._queue = Recent(self._look, lasting=LOOKED, clock=clock)

    async def place(self, job: Job) -> Place:
        waiting, seconds = await self._queue.get()
        position = 1 + bisect_left(waiting, (-job.priority, job.created.timestamp()))
        return Place(position, wait=None if seconds is None else position * seconds)

    async def _look(self) -> tuple[list[tuple[int, float]], float | None]:
        """Priority, negated, and age of each, sorted; and the pace."""
        rows = await self._database.read(statements.WAITING)
        waiting = sorted((-row["priority"], row["created"]) for row in rows)
        return waiting, await pace(self._database, now=self._clock())


async def pace(database: Database, *, now: float) -> float | None:
    """Seconds from the end of one job to that of the next; None: nothing has ended lately."""
    [recent] = await database.read(statements.PACE, {"since": now - RECENT})
    seconds = recent["seconds"]
    return None if seconds is None else float(seconds) / max(1, recent["running"])
