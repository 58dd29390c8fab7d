"""Jobs in a database: one row is both the record of a job and its place in the queue."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import ValidationError

from orchestrator.errors import Fenced, QueueFull, RequestUnderWay
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database, Row
from orchestrator.jobs.idempotency import binding
from orchestrator.jobs.news import told
from orchestrator.jobs.outbox import DUE, new_delivery
from orchestrator.jobs.rows import job_of, new_row, stage
from orchestrator.models import Backlog, Job, Status

logger = logging.getLogger(__name__)

READY = "ready"  # told when a job may have become ready
ENDLESS = 2**31 - 1


@dataclass(frozen=True)
class QueueLimits:
    waiting: int = 10_000  # jobs in the queue
    claims: int = 20  # of a job that nobody lives to give back; then it is FAILED
    lease: timedelta = timedelta(seconds=15)
    life: timedelta = timedelta(minutes=60)  # of a job, from acceptance to its end
    # A checkpoint is passed over no longer for those that are loaded.
    fairness: timedelta = timedelta(seconds=120)
    free: int = ENDLESS  # jobs of one key that are worked on at once, by the key's tier
    pro: int = ENDLESS
    internal: int = ENDLESS

    @property
    def at_once(self) -> dict[str, int]:
        return {"free": self.free, "pro": self.pro, "internal": self.internal}


class JobLedger:
    """The ports Ledger and Queue. Any number of processes may share one database."""

    def __init__(
        self,
        database: Database,
        limits: QueueLimits | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._limits = limits or QueueLimits()
        self._lease = self._limits.lease.total_seconds()
        self._clock = clock
        self._claim = statements.claim(database.skip_locked)

    @property
    def database(self) -> Database:
        return self._database

    async def accept(self, job: Job, *, reservation: str = "") -> None:
        """Durable when it returns. Raises QueueFull, RequestUnderWay, StorageFull, Unavailable."""
        now = self._clock()
        row = new_row(job, now=now) | {"queue_limit": self._limits.waiting}
        steps = [(statements.ACCEPT, row)]
        if job.request.webhook_url:
            steps.append((statements.ADD_DELIVERY, new_delivery(job, now=now)))
        if reservation:
            steps.append((statements.BIND, binding(reservation, job.id, now=now)))
        done = await self._database.write_all(*steps, alone="accept", news=[READY, *_news_of(job)])
        if done < len(steps):
            raise RequestUnderWay if done else QueueFull

    async def get(self, job_id: UUID) -> Job | None:
        rows = await self._database.read(statements.GET, {"id": str(job_id)})
        return job_of(rows[0]) if rows else None

    async def claim(self, owner: str, *, holds: str) -> Job | None:
        while row := await self._claim_row(owner, holds):
            if Status(row["status"]).final:
                logger.error("job %s ended after %d claims", row["id"], self._limits.claims)
                await self._database.tell(ended(row["id"]))
                continue
            try:
                return job_of(row)
            except ValidationError as error:  # written by another version; claims run out for it
                faults = error.errors(include_input=False, include_url=False)
                # a traceback would show the prompt
                logger.error("job %s can't be read: %s", row["id"], faults)  # noqa: TRY400
        return None

    async def _claim_row(self, owner: str, holds: str) -> Row | None:
        now = self._clock()
        claim = {
            **self._limits.at_once,
            "owner": owner,
            "holds": holds,
            "now": now,
            "overdue": now - self._limits.fairness.total_seconds(),
            "ready_at": now + self._lease,
            "claim_limit": self._limits.claims,
            "reason": f"The job was started {self._limits.claims} times and never ended",
        }
        rows = await self._database.write(self._claim, claim, alone="claim")
        return rows[0] if rows else None

    async def save(self, job: Job) -> None:
        await self._write_fenced(statements.SAVE, job, news=_news_of(job))

    async def renew(self, job: Job) -> None:
        await self._write_fenced(statements.RENEW, job, ready_in=self._lease)

    async def give_back(self, job: Job, *, delay: timedelta) -> None:
        """Records what the job has, as `save` does."""
        seconds = delay.total_seconds()
        await self._write_fenced(statements.GIVE_BACK, job, ready_in=seconds, news=[READY])

    async def ready(self, *, within: timedelta) -> None:
        changed = self._database.news.about(READY)  # before the look: no change falls between
        now = self._clock()
        [row] = await self._database.read(
            statements.NEXT_READY, {**self._limits.at_once, "now": now}
        )
        if row["ready"]:
            return
        if row["ready_at"] is not None:
            within = min(within, timedelta(seconds=row["ready_at"] - now))
        await told(changed, within=within)

    async def cancel(self, job_id: UUID) -> None:
        row = {"id": str(job_id), "now": self._clock()}
        await self._database.write(statements.CANCEL, row, news=ended(job_id))

    async def changed(self, job_id: UUID, *, within: timedelta) -> bool:
        return await told(self._database.news.about(_topic(job_id)), within=within)

    async def release_all(self) -> int:
        """End every lease at once, and forget requests whose process died before it answered.
        Only for a process that knows that no other is at work."""
        now = {"now": self._clock()}
        await self._database.write(statements.UNRESERVE_ALL, {})
        return len(await self._database.write(statements.RELEASE_ALL, now, news=[READY]))

    async def expire(self) -> int:
        """Make TIMED_OUT what has lived too long without ending."""
        now = self._clock()
        limits = {
            "now": now,
            "created_before": now - self._limits.life.total_seconds(),
            "reason": "The job did not end within its time limit",
        }
        rows = await self._database.write(statements.EXPIRE, limits)
        if rows:
            topics = {topic for row in rows for topic in ended(row["id"])}
            await self._database.tell(sorted(topics))
        return len(rows)

    async def counts(self) -> dict[Status, int]:
        rows = await self._database.read(statements.COUNTS)
        return dict.fromkeys(Status, 0) | {Status(row["status"]): row["jobs"] for row in rows}

    async def backlog(self) -> Backlog:
        """Its cost grows with the records of jobs: don't ask often."""
        now = self._clock()
        [row] = await self._database.read(statements.BACKLOG, {"now": now})
        oldest = now if row["oldest"] is None else row["oldest"]
        return Backlog(
            jobs=await self.counts(),
            oldest_wait=max(0.0, now - oldest),
            webhooks_due=row["due"],
            webhooks_dead=row["dead"],
        )

    async def _write_fenced(
        self, sql: str, job: Job, *, ready_in: float = 0.0, news: Sequence[str] = ()
    ) -> None:
        now = self._clock()
        row = stage(job, now=now) | {"ready_at": now + ready_in}
        if not await self._database.write(sql, row, news=news):
            raise Fenced


def ended(job_id: UUID | str) -> list[str]:
    """News of an end: it makes room for another job of the same key, and its webhook is due."""
    return [_topic(job_id), READY, DUE]


def _news_of(job: Job) -> list[str]:
    if not job.status.final:
        return []
    return ended(job.id) if job.request.webhook_url else [_topic(job.id), READY]


def _topic(job_id: UUID | str) -> str:
    return f"job {job_id}"
