"""The only place that knows every room: makes the adapters from the settings and runs them."""

import asyncio
import logging
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from aiohttp import web
from pydantic import SecretStr

from comfy_nodes.marks import VERSION as PACK_VERSION
from orchestrator.api.app import AccessLog, make_app
from orchestrator.api.assets import Assets
from orchestrator.api.door import House
from orchestrator.api.limits import RateLimiter
from orchestrator.cache import NoCache
from orchestrator.catalog import Catalog
from orchestrator.comfy import Endpoint, External, Limits, Managed, Pool
from orchestrator.compliance import Reviewers
from orchestrator.credentials import (
    C2paSigner,
    Chain,
    CredentialReader,
    development_chain,
    operator_chain,
)
from orchestrator.errors import ConfigurationError, ImgenError
from orchestrator.jobs.database import Database
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.keys import ApiKeys, Tier
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.lock import DataLock
from orchestrator.jobs.outlook import Outlook
from orchestrator.jobs.postgres import PostgresDatabase
from orchestrator.jobs.retention import Ages, Retention
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.llm import NoEnhancer
from orchestrator.models import Shelf, Template
from orchestrator.pipeline import offered
from orchestrator.ports import Policy, Ports
from orchestrator.private_files import lasting_secret, write_private
from orchestrator.prompts.compose import check as check_text
from orchestrator.settings import HOME, Settings
from orchestrator.storage import LocalStorage
from orchestrator.verify import KeyedMarks, Report, inspect
from orchestrator.worker import Worker
from orchestrator.workflows import Schemas, packaged_schemas, parse_schemas
from orchestrator.workflows import audit as audit_template

log = logging.getLogger(__name__)

ADMIN_KEY_FILE = "admin.key"
HOUSEKEEPING = timedelta(seconds=10)
SCHEMA_LOOK = 1.0  # seconds between two looks whether another ComfyUI is there
CLOSING = timedelta(seconds=5)  # for answers under way when the service stops


async def serve(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """API, worker and ComfyUI until cancelled. Raises ConfigurationError."""
    _make_data_dir(settings)
    with DataLock(settings.data_dir), _listen(settings) as listener:
        url = settings.public_url or _url(listener)
        async with opened(settings, url) as core, ApiKeys(core.database) as keys:
            await _make_first_key(keys, settings, announce)
            app = make_app(
                make_house(settings, core, keys),
                assets=Assets(core.storage).routes(),
                largest_body=settings.limits.body,
            )
            async with _served(app, listener):
                await core.work(ready=lambda: announce(f"ready {url}"))


@dataclass(frozen=True)
class Core:
    """What accepts jobs and fulfils them, without a door."""

    ports: Ports
    pool: Pool
    audit: "LiveAudit"
    ledger: JobLedger
    retention: Retention
    database: Database
    storage: LocalStorage
    worker: Worker

    async def work(self, *, ready: Callable[[], None]) -> None:
        """Until cancelled; `ready` is called when there is a ComfyUI to work with."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.audit.follow(self.pool))
            tasks.create_task(_keep_house(self.ledger, self.retention))
            (await self.pool.slot()).free()
            ready()
            tasks.create_task(self.worker.run())


@asynccontextmanager
async def opened(settings: Settings, url: str) -> AsyncIterator[Core]:
    """The core of the one service that works in the data directory; its links begin with `url`."""
    database, catalog, pool = open_database(settings), make_catalog(settings), make_pool(settings)
    async with database, catalog, pool:
        ledger = make_ledger(database, settings)
        if not database.shared:  # nobody else is at work
            await ledger.release_all()
        storage, audit = make_storage(settings, url), LiveAudit()
        ports = make_ports(settings, catalog=catalog, audit=audit, ledger=ledger, storage=storage)
        worker = Worker(ports, pool, owner=uuid4().hex, failures=settings.limits.failures)
        retention = Retention(database, storage, make_ages(settings))
        yield Core(ports, pool, audit, ledger, retention, database, storage, worker)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise ConfigurationError(f"Can't listen on {where}: {error.strerror}") from None


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def _served(app: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(
        app, access_log_class=AccessLog, shutdown_timeout=CLOSING.total_seconds()
    )
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _make_first_key(
    keys: ApiKeys, settings: Settings, announce: Callable[[str], None]
) -> None:
    """An admin key in a file that only its owner can read, and on the terminal if there is one."""
    if await keys.list():
        return
    key = await keys.create("admin", tier=Tier.INTERNAL, admin=True)
    file = settings.data_dir / ADMIN_KEY_FILE
    file.unlink(missing_ok=True)  # of a database that is gone
    write_private(file, key)
    log.info("the first API key is in %s", file)
    if sys.stdout.isatty():
        announce(f"admin key {key}")


async def _keep_house(ledger: JobLedger, retention: Retention) -> None:
    while True:
        try:
            await ledger.expire()
            while await retention.sweep():
                pass
        except ImgenError:
            log.exception("old jobs could not be swept, trying again later")
        await asyncio.sleep(HOUSEKEEPING.total_seconds())


class LiveAudit:
    """Holds templates against what the running ComfyUI declares; before it runs, against what
    the packaged one does."""

    def __init__(self) -> None:
        self._schemas: Schemas = packaged_schemas()
        self._faults: dict[str, str] = {}  # by digest of the template

    def fault(self, template: Template) -> str:
        if template.digest not in self._faults:
            faults = "; ".join(str(fault) for fault in audit_template(template, self._schemas))
            self._faults[template.digest] = faults
            if faults:
                log.warning("its models are not served: %s", faults)
        return self._faults[template.digest]

    async def follow(self, pool: Pool) -> None:
        """Ask again whenever an instance has come or gone."""
        seen = None
        while True:
            usable = [(status.name, status.url) for status in pool.status() if status.usable]
            if usable != seen and (not usable or await self._ask(pool)):
                seen = usable
            await asyncio.sleep(SCHEMA_LOOK)

    async def _ask(self, pool: Pool) -> bool:
        """Whether there was an answer."""
        try:
            self._schemas = parse_schemas(await pool.object_info())
        except ImgenError as error:
            log.warning("node schemas could not be read: %s", error)
            return False
        self._faults.clear()
        return True


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"IMGEN_DATA_DIR: {settings.data_dir} can't be made: {error.strerror}"
        ) from None


def open_database(settings: Settings) -> Database:
    if settings.database_url is not None:
        return PostgresDatabase(settings.database_url.get_secret_value())
    _make_data_dir(settings)
    return SqliteDatabase(settings.data_dir / "imgen.db")


def make_ledger(database: Database, settings: Settings) -> JobLedger:
    limits = settings.limits
    return JobLedger(
        database,
        QueueLimits(
            waiting=limits.waiting,
            life=limits.life,
            fairness=limits.fairness,
            free=limits.free_at_once,
            pro=limits.pro_at_once,
        ),
    )


def make_ages(settings: Settings) -> Ages:
    kept = settings.retention
    return Ages(jobs=kept.jobs, assets=kept.assets, blocked=kept.blocked, verdicts=kept.verdicts)


def make_catalog(settings: Settings) -> Catalog:
    return Catalog(
        settings.workflows_dir,
        settings.models_dir,
        default_model=settings.default_model,
        check_text=check_text,
    )


def make_storage(settings: Settings, url: str) -> LocalStorage:
    secret = _secret(settings, "link_key")
    return LocalStorage(settings.data_dir, public_url=url, secret=secret)


def make_pool(settings: Settings) -> Pool:
    external = [
        External(name=f"external {number}", endpoint=Endpoint(url))
        for number, url in enumerate(settings.comfyui_urls, 1)
    ]
    return Pool(
        external or [managed_comfyui(settings)],
        pack_version=PACK_VERSION,
        limits=Limits(run=settings.limits.running.total_seconds()),
    )


def managed_comfyui(settings: Settings) -> Managed:
    home = HOME / "comfyui"
    return Managed(
        name="comfyui",
        directory=settings.data_dir.absolute() / "comfyui",
        launcher=home / "launch.py",
        python=settings.comfyui_python or home / ".venv" / "bin" / "python",
        models=settings.models_dir,
        pack=HOME / "comfy_nodes",
        checkout=settings.comfyui_path,
        port=settings.comfyui_port,
    )


def make_ports(
    settings: Settings,
    *,
    catalog: Catalog,
    audit: LiveAudit,
    ledger: JobLedger,
    storage: LocalStorage,
) -> Ports:
    return Ports(
        policy=Policy(unknown_character=settings.unknown_character),
        catalog=catalog,
        audit=audit,
        ledger=ledger,
        queue=ledger,
        compliance=make_compliance(settings),
        marks=make_marks(settings),
        signer=C2paSigner(lambda: signing_chain(settings)),
        storage=storage,
        enhancer=NoEnhancer(),
        cache=NoCache(),
    )


def make_compliance(settings: Settings) -> Reviewers:
    return Reviewers(
        settings.workflows_dir / "rulesets",
        hash_lists=settings.compliance.hash_lists or settings.data_dir / "hashes",
        accept_unreviewed=settings.compliance.accept_unreviewed,
        time_limit=settings.compliance.time_limit,
    )


def make_marks(settings: Settings) -> KeyedMarks:
    return KeyedMarks(_secret(settings, "watermark_key"))


def signing_chain(settings: Settings) -> Chain:
    files = settings.credentials
    if files.certificate and files.key:
        return operator_chain(files.certificate, files.key, anchors=files.anchors)
    if files.certificate or files.key:
        raise ConfigurationError(
            "IMGEN_CREDENTIALS__CERTIFICATE and IMGEN_CREDENTIALS__KEY go together"
        )
    return development_chain(settings.data_dir / "credentials")


def make_house(settings: Settings, core: Core, keys: ApiKeys) -> House:
    limits = settings.limits
    return House(
        ports=core.ports,
        keys=keys,
        repetitions=Idempotency(core.database),
        outlook=Outlook(core.database),
        instances=core.pool,
        rates={Tier.FREE: RateLimiter(limits.free_rate), Tier.PRO: RateLimiter(limits.pro_rate)},
        strangers=RateLimiter(limits.address_rate),
        trusted_proxies=settings.trusted_proxies,
        link_lifetime=settings.link_lifetime,
        longest_outage=limits.outage,
        has_room=lambda: shutil.disk_usage(settings.data_dir).free > limits.free_space,
        longest_prompt=limits.prompt,
    )


async def inspect_picture(picture: bytes, settings: Settings) -> Report:
    """What a picture says of its origin. Raises BodyTooLarge."""
    reader = CredentialReader(signing_chain(settings), anchors=settings.credentials.anchors)
    return await inspect(picture, read_credentials=reader.read, marks=make_marks(settings))


def read_offer(settings: Settings) -> Shelf:
    """What the service would offer with the files as they are."""
    catalog = make_catalog(settings)
    catalog.read()
    url = f"http://{settings.host}:{settings.port}"
    return offered(
        make_ports(
            settings,
            catalog=catalog,
            audit=LiveAudit(),
            ledger=make_ledger(open_database(settings), settings),
            storage=make_storage(settings, url),
        )
    )


def _secret(settings: Settings, name: str) -> bytes:
    """The operator's, else one of this installation's own that is made when first needed."""
    given: SecretStr | None = getattr(settings.secrets, name)
    if given is not None:
        return given.get_secret_value().encode()
    return lasting_secret(settings.data_dir / "secrets" / name)
