"""Jobs in a database: one row is both the record of a job and its place in the queue."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from pydantic import ValidationError

from orchestrator.errors import Fenced, QueueFull
from orchestrator.jobs import statements
from orchestrator.jobs.rows import job_of, new_row, stage
from orchestrator.jobs.sqlite import Row, SqliteDatabase
from orchestrator.models import Job, Status

logger = logging.getLogger(__name__)


class JobLedger:
    """The ports Ledger and Queue. Any number of processes may share one database."""

    def __init__(
        self,
        database: SqliteDatabase,
        *,
        queue_limit: int = 10_000,
        claim_limit: int = 20,
        lease: timedelta = timedelta(seconds=15),
        life: timedelta = timedelta(minutes=60),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """At most `queue_limit` jobs wait; one that was claimed `claim_limit` times and never
        ended is FAILED; `life` is the longest from acceptance to the end."""
        self._database = database
        self._queue_limit = queue_limit
        self._claim_limit = claim_limit
        self._lease = lease.total_seconds()
        self._life = life.total_seconds()
        self._clock = clock
        self._changed = asyncio.Event()

    async def accept(self, job: Job) -> None:
        """Durable when it returns. Raises QueueFull, StorageFull, Unavailable."""
        row = new_row(job, now=self._clock()) | {"queue_limit": self._queue_limit}
        if not await self._database.write(statements.ACCEPT, row):
            raise QueueFull
        self._announce()

    async def get(self, job_id: UUID) -> Job | None:
        rows = await self._database.read(statements.GET, {"id": str(job_id)})
        return job_of(rows[0]) if rows else None

    async def claim(self, owner: str) -> Job | None:
        while row := await self._claim_row(owner):
            try:
                job = job_of(row)
            except ValidationError as error:  # written by another version; claims run out for it
                faults = error.errors(include_input=False, include_url=False)
                # a traceback would show the prompt
                logger.error("job %s can't be read: %s", row["id"], faults)  # noqa: TRY400
                continue
            if not job.status.final:
                return job
            logger.error("job %s ended after %d claims", job.id, self._claim_limit)
        return None

    async def _claim_row(self, owner: str) -> Row | None:
        now = self._clock()
        claim = {
            "owner": owner,
            "now": now,
            "ready_at": now + self._lease,
            "claim_limit": self._claim_limit,
            "reason": f"The job was started {self._claim_limit} times and never ended",
        }
        rows = await self._database.write(statements.CLAIM, claim)
        return rows[0] if rows else None

    async def save(self, job: Job) -> None:
        await self._write_fenced(statements.SAVE, job)

    async def renew(self, job: Job) -> None:
        await self._write_fenced(statements.RENEW, job, ready_in=self._lease)

    async def give_back(self, job: Job, *, delay: timedelta) -> None:
        """Records what the job has, as `save` does."""
        await self._write_fenced(statements.GIVE_BACK, job, ready_in=delay.total_seconds())
        self._announce()

    async def ready(self, *, within: timedelta) -> None:
        changed = self._changed  # before the look, so that no change falls between
        [row] = await self._database.read(statements.NEXT_READY)
        seconds = within.total_seconds()
        if row["ready_at"] is not None:
            seconds = min(seconds, max(0.0, row["ready_at"] - self._clock()))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await changed.wait()

    async def cancel(self, job_id: UUID) -> None:
        """Its worker learns by Fenced at the next renewal."""
        await self._database.write(statements.CANCEL, {"id": str(job_id), "now": self._clock()})

    async def release_all(self) -> int:
        """End every lease at once. Only for a process that knows that no other is at work."""
        released = await self._database.write(statements.RELEASE_ALL, {"now": self._clock()})
        self._announce()
        return len(released)

    async def expire(self) -> int:
        """Make TIMED_OUT what has lived too long without ending."""
        now = self._clock()
        limits = {
            "now": now,
            "created_before": now - self._life,
            "reason": "The job did not end within its time limit",
        }
        return len(await self._database.write(statements.EXPIRE, limits))

    async def counts(self) -> dict[Status, int]:
        rows = await self._database.read(statements.COUNTS)
        return dict.fromkeys(Status, 0) | {Status(row["status"]): row["jobs"] for row in rows}

    async def position(self, job_id: UUID) -> int | None:
        """1 for the job that is claimed next; None for one that does not wait."""
        rows = await self._database.read(statements.POSITION, {"id": str(job_id)})
        return rows[0]["position"] if rows else None

    async def _write_fenced(self, sql: str, job: Job, *, ready_in: float = 0.0) -> None:
        now = self._clock()
        row = stage(job, now=now) | {"ready_at": now + ready_in}
        if not await self._database.write(sql, row):
            raise Fenced

    def _announce(self) -> None:
        """Wake everybody who waits; whoever comes later waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()
