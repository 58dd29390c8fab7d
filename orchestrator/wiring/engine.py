"""What accepts jobs and fulfils them, without a door."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from orchestrator.cache import NoCache, SemanticCache
from orchestrator.comfy import Pool
from orchestrator.errors import ConfigurationError, ImgenError
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.orphans import ABANDONED, Orphans
from orchestrator.jobs.published import PublishedFiles
from orchestrator.jobs.reports import Fleet, Reporter
from orchestrator.jobs.retention import Retention
from orchestrator.metrics import Metrics, ObservedInstances, ObservedLedger
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
    make_weights,
)
from orchestrator.wiring.audit import LiveAudit, make_audit
from orchestrator.wiring.cache import make_cache
from orchestrator.wiring.database import open_database
from orchestrator.wiring.disk import FreeSpace
from orchestrator.wiring.fleet import Heart, make_published, worker_name
from orchestrator.wiring.metrics import make_metrics
from orchestrator.wiring.webhooks import make_guard, make_sender
from orchestrator.worker import Worker

log = logging.getLogger(__name__)

HOUSEKEEPING = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Front:
    """What accepts jobs, without a door."""

    ports: Ports
    instances: Pool | Fleet  # ours, or those of all processes that share the database
    audit: LiveAudit
    ledger: JobLedger
    database: Database
    storage: LocalStorage | S3Storage
    space: FreeSpace
    cache: SemanticCache | NoCache
    files: PublishedFiles
    metrics: Metrics

    async def watch(self) -> None:
        """Keep in mind what others change, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.audit.follow(self.instances))
            tasks.create_task(self.space.follow())
            if isinstance(self.storage, S3Storage):
                tasks.create_task(self.storage.watch())
            if isinstance(self.instances, Fleet):
                tasks.create_task(self.instances.follow())
                tasks.create_task(self.files.follow())

    async def accept(self) -> None:
        """All that a process needs to run which leaves the work to others, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watch())
            tasks.create_task(self.cache.run())


@dataclass(frozen=True, kw_only=True)
class Core(Front):
    """What accepts jobs and fulfils them, without a door."""

    pool: Pool
    retention: Retention
    orphans: Orphans
    worker: Worker
    sender: Sender
    heart: Heart | None  # None: there is nobody to report to

    async def work(self, *, ready: Callable[[], None]) -> None:
        """Until cancelled; `ready` is called when there is a ComfyUI to work with."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watch())
            tasks.create_task(_regularly(self.ledger.expire, "old jobs could not be ended"))
            # beside the ends of jobs: a storage that stalls must not delay those
            sweep = partial(_sweep, self.retention)
            tasks.create_task(_regularly(sweep, "old jobs could not be swept"))
            orphans = "pictures of no job could not be swept"
            tasks.create_task(_regularly(self.orphans.sweep, orphans, every=ABANDONED))
            tasks.create_task(self.sender.run())
            if self.heart:
                tasks.create_task(self.heart.beat())
                tasks.create_task(self.heart.compare())
            (await self.pool.slot()).free()
            ready()
            tasks.create_task(self.worker.run())
            tasks.create_task(self.cache.run())  # not before: it loads a lot


@asynccontextmanager
async def opened(settings: Settings, url: str) -> AsyncIterator[Core]:
    """The core of a service that works in the data directory; its links begin with `url`."""
    pool, post = make_pool(settings), Post(make_guard(settings))
    async with opened_front(settings, url, pool=pool) as front, pool, post:
        if not front.database.shared:  # nobody else is at work
            await front.ledger.release_all()
        name = worker_name()
        yield Core(
            **vars(front),
            pool=pool,
            retention=Retention(front.database, front.storage, make_ages(settings)),
            orphans=Orphans(front.database, front.storage),
            worker=_worker(settings, front, pool, name),
            sender=make_sender(settings, post, database=front.database, ports=front.ports),
            heart=_heart(settings, front.database, pool, name) if front.database.shared else None,
        )


@asynccontextmanager
async def opened_front(settings: Settings, url: str, *, pool: Pool | None) -> AsyncIterator[Front]:
    """`pool`: of this process; without one the database is a PostgreSQL, where others report
    theirs. Raises ConfigurationError."""
    async with open_database(settings) as database:
        files = make_published(settings, database)
        fleet = await _fleet(database, files) if database.shared else None
        instances = fleet or pool
        if instances is None:
            raise ConfigurationError("Where jobs are only accepted, a PostgreSQL is needed")
        async with make_catalog(settings, weights=fleet) as catalog:
            ledger = make_ledger(database, settings)
            storage, audit = make_storage(settings, url), make_audit(settings)
            cache = make_cache(settings, ledger=ledger, storage=storage)
            ports = make_ports(
                settings, catalog=catalog, audit=audit, ledger=ledger, storage=storage, cache=cache
            )
            yield Front(
                ports=ports,
                instances=instances,
                audit=audit,
                ledger=ledger,
                database=database,
                storage=storage,
                space=FreeSpace(*_written(settings), least=settings.limits.free_space),
                cache=cache,
                files=files,
                metrics=make_metrics(ledger, pool, cache),
            )


def _worker(settings: Settings, front: Front, pool: Pool, name: str) -> Worker:
    metrics = front.metrics
    return Worker(
        replace(front.ports, ledger=ObservedLedger(front.ports.ledger, metrics)),
        ObservedInstances(pool, metrics),
        owner=name,
        failures=settings.limits.failures,
    )


async def _fleet(database: Database, files: PublishedFiles) -> Fleet:
    """With what there is now."""
    fleet = Fleet(database)
    await fleet.refresh()
    await files.sync()
    return fleet


def _written(settings: Settings) -> list[Path]:
    """The folders that jobs fill."""
    assets = None if settings.s3.bucket else settings.assets_dir
    return [settings.data_dir, *([assets] if assets else [])]


def _heart(settings: Settings, database: Database, pool: Pool, name: str) -> Heart:
    return Heart(Reporter(database, name), pool, make_weights(settings))


async def _sweep(retention: Retention) -> None:
    while await retention.sweep():
        pass


async def _regularly(
    step: Callable[[], Awaitable[object]], failure: str, *, every: timedelta = HOUSEKEEPING
) -> None:
    while True:
        try:
            await step()
        except ImgenError:
            log.exception("%s, trying again later", failure)
        await asyncio.sleep(every.total_seconds())
