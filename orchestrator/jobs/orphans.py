"""Pictures in the spool that belong to no job: they came with a request whose process died before
it was accepted."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from orchestrator.jobs import statements
from orchestrator.jobs.database import Database

log = logging.getLogger(__name__)

ABANDONED = timedelta(hours=1)  # much longer than a request takes


class Spool(Protocol):
    async def spooled(self, *, untouched: timedelta) -> Sequence[str]:
        """Ids of jobs below `spool/` of which nothing was written for so long."""

    async def delete(self, key: str) -> None: ...


class Orphans:
    """Any number of processes may sweep at the same time."""

    def __init__(self, database: Database, spool: Spool) -> None:
        self._database = database
        self._spool = spool

    async def sweep(self) -> None:
        """Raises Unavailable."""
        for job_id in await self._spool.spooled(untouched=ABANDONED):
            if not await self._database.read(statements.GET, {"id": job_id}):
                await self._spool.delete(f"spool/{job_id}")
                log.info("pictures of %s are gone: it was never accepted", job_id)
