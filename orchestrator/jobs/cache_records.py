"""What the cache keeps in the database of the jobs: which pictures it may know, and those that it
has handed out."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from orchestrator.errors import RequestUnderWay
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database
from orchestrator.jobs.idempotency import binding
from orchestrator.models import Job

LIFETIME = timedelta(hours=1)  # the contract's


class CacheRecords:
    """The ports Hits and Archive."""

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
            "expires": now + LIFETIME.total_seconds(),
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

    async def pictured(self, *, newest: int) -> list[UUID]:
        """See `ports.Archive`."""
        rows = await self._database.read(statements.NEWEST_PICTURES, {"newest": newest})
        return [UUID(row["id"]) for row in rows]

    async def admits(self, job_id: UUID) -> bool:
        """See `ports.Archive`."""
        return bool(await self._database.read(statements.IS_PICTURED, {"id": str(job_id)}))

    async def disown(self) -> None:
        """See `ports.Archive`."""
        await self._database.write(statements.CLEAR_CACHE, {"now": self._clock()})

    async def readmit(self) -> None:
        """See `ports.Archive`."""
        await self._database.write(statements.UNCLEAR_CACHE, {})
