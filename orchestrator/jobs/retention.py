"""Forgets what is older than the operator wants to keep: pictures, jobs, verdicts."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from orchestrator.errors import ImgenError
from orchestrator.jobs import retention_statements as statements
from orchestrator.jobs.database import Database, Row
from orchestrator.jobs.rows import job_of
from orchestrator.models import Asset
from orchestrator.ports import Storage

log = logging.getLogger(__name__)

BATCH = 100  # rows


@dataclass(frozen=True)
class Ages:
    """How long something is kept after its job has ended."""

    jobs: timedelta = timedelta(days=90)
    assets: timedelta = timedelta(days=90)
    blocked: timedelta = timedelta(days=7)  # pictures that nobody may see
    verdicts: timedelta = timedelta(days=365)
    spool: timedelta = timedelta(hours=1)  # unsigned pictures of jobs that did not complete


class Retention:
    """Any number of processes may sweep at the same time, and each may die at any point."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        ages: Ages,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._storage = storage
        self._ages = ages
        self._clock = clock

    async def sweep(self) -> bool:
        """Forget one batch of each kind; whether there may be more."""
        ages = self._ages
        sizes = [
            await self._forget_pictures("blocked", ages.blocked),
            await self._forget_pictures("safe", ages.assets),
            await self._forget_pictures("spool", ages.spool),
            await self._delete_jobs(),
            await self._delete(statements.DELETE_VERDICTS, ages.verdicts),
            await self._delete(statements.DELETE_REPETITIONS, timedelta()),
            await self._delete(statements.DELETE_HITS, timedelta()),
            await self._delete(statements.DELETE_RATES, timedelta()),
            await self._delete(statements.DELETE_ENDED_SESSIONS, timedelta()),
        ]
        return max(sizes) == BATCH

    async def _forget_pictures(self, pictures: str, age: timedelta) -> int:
        old = self._old(age) | {"pictures": pictures}
        rows = await self._database.read(statements.OLD_PICTURES, old)
        return sum([await self._forget(row) for row in rows])

    async def _forget(self, row: Row) -> bool:
        """Whether the pictures of the job are gone; one that stays must not keep the others."""
        try:
            for asset in _stored(row):
                await self._storage.delete(asset.key)
            await self._storage.delete(f"spool/{row['id']}")
        except ValidationError:  # its text would show the prompt
            log.warning("the pictures of job %s stay: another version wrote it", row["id"])
            return False
        except ImgenError as error:
            log.warning("the pictures of job %s stay for now: %s", row["id"], error)
            return False
        await self._database.write(statements.FORGET_PICTURES, {"id": row["id"]})
        return True

    async def _delete_jobs(self) -> int:
        rows = await self._database.read(statements.OLD_JOBS, self._old(self._ages.jobs))
        ids: list[Row] = [{"id": row["id"]} for row in rows]
        if ids:
            await self._database.write(statements.KEEP_VERDICT, *ids)
            await self._database.write(statements.DELETE_DELIVERIES, *ids)
            await self._database.write(statements.DELETE_JOB, *ids)
        return len(ids)

    async def _delete(self, sql: str, age: timedelta) -> int:
        return len(await self._database.write(sql, self._old(age)))

    def _old(self, age: timedelta) -> Row:
        return {"before": self._clock() - age.total_seconds(), "batch": BATCH}


def _stored(row: Row) -> Sequence[Asset]:
    """The assets of a job, or what it may have stored before it was cut short and could say so."""
    job = job_of(row)
    return job.assets or [asset for kept in job.kept for asset in job.assets_of(kept)]
