"""What the cache keeps in the database of the jobs: which pictures it may know, and those that it
has handed out."""

import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from uuid import UUID

from orchestrator.errors import RequestUnderWay
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database, Row
from orchestrator.jobs.idempotency import KEPT, binding
from orchestrator.models import Job

Mark = tuple[float, UUID]  # when a job has ended, in seconds since the epoch, and which


class CacheRecords:
    """The port Hits, and what the cache knows as Archive."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def add(self, hit: Job, *, reservation: str = "") -> None:
        """See `ports.Hits`."""
        now = self._clock()
        row = {
            "id": str(hit.id),
            "source": str(hit.source),
            "hit": hit.model_dump_json(),
            "expires": now + KEPT.total_seconds(),
        }
        steps = [(statements.ADD_HIT, row)]
        if reservation:
            steps.append((statements.BIND, binding(reservation, hit.id, now=now)))
        if await self._database.write_all(*steps) < len(steps):
            raise RequestUnderWay

    async def get(self, hit_id: UUID) -> Job | None:
        """See `ports.Hits`."""
        rows = await self._database.read(statements.HIT, {"id": str(hit_id), "now": self._clock()})
        return Job.model_validate_json(rows[0]["hit"]) if rows else None

    async def pictured(self, *, after: Mark) -> list[Mark]:
        """See `cache.Archive`."""
        page = {**_named(after), "batch": statements.PICTURES_AT_ONCE}
        return [_mark(row) for row in await self._database.read(statements.NEXT_PICTURES, page)]

    async def before(self, *, newest: int) -> Mark | None:
        """See `cache.Archive`."""
        asked = {"finished": 0.0, "id": "", "newest": newest}
        rows = await self._database.read(statements.BEFORE_NEWEST_PICTURES, asked)
        return _mark(rows[0]) if rows else None

    async def admitted(self, job_ids: Sequence[UUID], *, after: Mark) -> set[UUID]:
        """See `cache.Archive`."""
        found: set[UUID] = set()
        for start in range(0, len(job_ids), statements.PICTURES_AT_ONCE):
            some = map(str, job_ids[start : start + statements.PICTURES_AT_ONCE])
            named = dict(zip_longest(statements.PICTURE_NAMES, some, fillvalue=""))
            rows = await self._database.read(
                statements.ADMITTED_PICTURES, {**_named(after), **named}
            )
            found.update(UUID(row["id"]) for row in rows)
        return found

    async def disown(self) -> None:
        """See `cache.Archive`."""
        await self._database.write(statements.CLEAR_CACHE, {"now": self._clock()})

    async def readmit(self) -> None:
        """See `cache.Archive`."""
        await self._database.write(statements.UNCLEAR_CACHE, {})


def _named(mark: Mark) -> Row:
    return {"finished": mark[0], "id": str(mark[1])}


def _mark(row: Row) -> Mark:
    return row["finished"], UUID(row["id"])
