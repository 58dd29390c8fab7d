"""What accepts jobs and fulfils them, without a door."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from orchestrator.cache import NoCache, SemanticCache
from orchestrator.comfy import Pool
from orchestrator.errors import ImgenError
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.retention import Retention
from orchestrator.outbound import Post, Sender
from orchestrator.ports import Ports
from orchestrator.settings import Settings
from orchestrator.storage import LocalStorage, S3Storage
from orchestrator.wiring.adapters import (
    make_ages,
    make_catalog,
    make_ledger,
    make_pool,
    make_ports,
    make_storage,
    open_database,
)
from orchestrator.wiring.audit import LiveAudit
from orchestrator.wiring.cache import make_cache
from orchestrator.wiring.disk import FreeSpace
from orchestrator.wiring.webhooks import make_guard, make_sender
from orchestrator.worker import Worker

log = logging.getLogger(__name__)

HOUSEKEEPING = timedelta(seconds=10)


@dataclass(frozen=True)
class Core:
    """What accepts jobs and fulfils them, without a door."""

    ports: Ports
    pool: Pool
    audit: LiveAudit
    ledger: JobLedger
    retention: Retention
    database: Database
    storage: LocalStorage | S3Storage
    space: FreeSpace
    worker: Worker
    sender: Sender
    cache: SemanticCache | NoCache

    async def work(self, *, ready: Callable[[], None]) -> None:
        """Until cancelled; `ready` is called when there is a ComfyUI to work with."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.audit.follow(self.pool))
            tasks.create_task(_expire_regularly(self.ledger))
            tasks.create_task(_sweep_regularly(self.retention))
            tasks.create_task(self.space.follow())
            tasks.create_task(self.sender.run())
            (await self.pool.slot()).free()
            ready()
            tasks.create_task(self.worker.run())
            tasks.create_task(self.cache.run())  # not before: it loads a lot


@asynccontextmanager
async def opened(settings: Settings, url: str) -> AsyncIterator[Core]:
    """The core of the one service that works in the data directory; its links begin with `url`."""
    database, catalog, pool = open_database(settings), make_catalog(settings), make_pool(settings)
    post = Post(make_guard(settings))
    async with database, catalog, pool, post:
        ledger = make_ledger(database, settings)
        if not database.shared:  # nobody else is at work
            await ledger.release_all()
        storage, audit = make_storage(settings, url), LiveAudit()
        cache = make_cache(settings, ledger=ledger, storage=storage)
        ports = make_ports(
            settings, catalog=catalog, audit=audit, ledger=ledger, storage=storage, cache=cache
        )
        worker = Worker(ports, pool, owner=uuid4().hex, failures=settings.limits.failures)
        retention = Retention(database, storage, make_ages(settings))
        space = FreeSpace(settings.data_dir, least=settings.limits.free_space)
        sender = make_sender(settings, post, database=database, ports=ports)
        yield Core(
            ports,
            pool,
            audit,
            ledger,
            retention,
            database,
            storage,
            space,
            worker,
            sender,
            cache,
        )


async def _expire_regularly(ledger: JobLedger) -> None:
    while True:
        try:
            await ledger.expire()
        except ImgenError:
            log.exception("old jobs could not be ended, trying again later")
        await asyncio.sleep(HOUSEKEEPING.total_seconds())


async def _sweep_regularly(retention: Retention) -> None:
    """Beside the ends of jobs: a storage that stalls must not delay those."""
    while True:
        try:
            while await retention.sweep():
                pass
        except ImgenError:
            log.exception("old jobs could not be swept, trying again later")
        await asyncio.sleep(HOUSEKEEPING.total_seconds())
