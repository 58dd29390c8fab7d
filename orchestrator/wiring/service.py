"""The service: door, worker and ComfyUI in one process, or each for itself in a fleet."""

import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from aiohttp import web

from orchestrator.api.app import Site, make_app
from orchestrator.api.artists import Desk, Studio
from orchestrator.api.assets import Assets
from orchestrator.api.door import House
from orchestrator.api.limits import RateLimiter
from orchestrator.api.server import Bounds, served
from orchestrator.api.sign_in import Gate
from orchestrator.api.streams import Streams
from orchestrator.cache import SemanticCache
from orchestrator.edge_ports import Rate
from orchestrator.errors import ConfigurationError, Rejected
from orchestrator.jobs.database import Database
from orchestrator.jobs.ended_sessions import EndedSessions
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.keys import ApiKeys, Tier, new_secret
from orchestrator.jobs.lock import DataLock
from orchestrator.jobs.outlook import Outlook
from orchestrator.jobs.rates import SharedRate
from orchestrator.private_files import write_private
from orchestrator.settings import ADMIN_KEY_FILE, Settings
from orchestrator.storage import LocalStorage
from orchestrator.wiring.adapters import make_sessions
from orchestrator.wiring.admin import make_admin
from orchestrator.wiring.database import make_data_dir
from orchestrator.wiring.engine import Core, Front, opened, opened_front
from orchestrator.wiring.fleet import require_shared
from orchestrator.wiring.metrics import metrics_served
from orchestrator.wiring.webhooks import make_guard

log = logging.getLogger(__name__)


async def serve(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """API, worker and ComfyUI until cancelled. Raises ConfigurationError."""
    make_data_dir(settings)
    if settings.database_url is not None:
        require_shared(settings)
    with DataLock(settings.data_dir), _listen(settings) as listener:
        url = _own_url(settings, listener)
        async with opened(settings, url) as core, _door(settings, core, listener, announce):
            await core.work(ready=lambda: _tell_addresses(url, announce))


async def serve_api(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """The door of a fleet until cancelled. Raises ConfigurationError."""
    _check_fleet(settings)
    with _listen(settings) as listener:
        url = _own_url(settings, listener)
        async with (
            opened_front(settings, url, pool=None) as front,
            _door(settings, front, listener, announce),
        ):
            _tell_addresses(url, announce)
            await front.accept()


async def serve_worker(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """The ComfyUIs of one host of a fleet until cancelled. Raises ConfigurationError."""
    _check_fleet(settings)
    if not settings.s3.bucket and not settings.public_url:
        raise ConfigurationError(
            "IMGEN_PUBLIC_URL: a worker writes links into webhooks, so it has to be told how "
            "clients reach the doors"
        )
    with DataLock(settings.data_dir):
        async with (
            opened(settings, settings.public_url) as core,
            metrics_served(settings, core.metrics),
        ):
            await core.work(ready=lambda: announce(f"ready {core.worker.owner}"))


def _tell_addresses(url: str, announce: Callable[[str], None]) -> None:
    announce(f"ready {url}")
    announce(f"admin page {url}/admin")


def _check_fleet(settings: Settings) -> None:
    if settings.database_url is None:
        raise ConfigurationError(
            "IMGEN_DATABASE_URL: a fleet meets in a PostgreSQL: set postgresql://user@host/name, "
            "or run `imgen serve`, which needs none"
        )
    require_shared(settings)
    make_data_dir(settings)


@asynccontextmanager
async def _door(
    settings: Settings, front: Front, listener: socket.socket, announce: Callable[[str], None]
) -> AsyncIterator[None]:
    async with ApiKeys(front.database) as keys:
        await make_first_key(keys, settings, announce)
        app = make_app(
            make_house(settings, front, keys),
            site=make_site(settings, front, keys),
            assets=_asset_routes(front),
            largest_body=settings.limits.body,
            telemetry=front.metrics,
        )
        async with (
            served(app, listener, make_bounds(settings)),
            metrics_served(settings, front.metrics),
        ):
            yield


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise ConfigurationError(
            f"IMGEN_HOST, IMGEN_PORT: can't listen on {where}: {error.strerror}"
        ) from None


def _own_url(settings: Settings, listener: socket.socket) -> str:
    """How clients reach us. Raises ConfigurationError if links need it and nobody has said it: what
    a client writes into its `Host` must not end up in the links of others."""
    if settings.public_url:
        return settings.public_url
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if ip_address(host).is_unspecified and not settings.s3.bucket:
        raise ConfigurationError(
            f"IMGEN_PUBLIC_URL: links would begin with {url}, which leads nowhere: set how clients "
            "reach us"
        )
    return url


def _asset_routes(front: Front) -> list[web.RouteDef]:
    """Empty if links lead elsewhere."""
    return Assets(front.storage).routes() if isinstance(front.storage, LocalStorage) else []


def make_bounds(settings: Settings) -> Bounds:
    return Bounds(
        connections=settings.limits.connections,
        of_one_address=settings.limits.address_connections,
        trusted_proxies=settings.trusted_proxies,
        head=settings.limits.head,
    )


def make_house(settings: Settings, front: Front, keys: ApiKeys) -> House:
    limits, database = settings.limits, front.database
    return House(
        ports=front.ports,
        keys=keys,
        repetitions=Idempotency(database),
        outlook=Outlook(database),
        guard=make_guard(settings),
        instances=front.instances,
        rates={
            Tier.FREE: _rate(database, "key", limits.free_rate),
            Tier.PRO: _rate(database, "key", limits.pro_rate),
        },
        strangers=_rate(database, "address", limits.address_rate),
        trusted_proxies=settings.trusted_proxies,
        link_lifetime=settings.link_lifetime,
        longest_outage=limits.outage,
        has_room=lambda: front.space.enough,
        longest_prompt=limits.prompt,
        cache=front.cache if isinstance(front.cache, SemanticCache) else None,
        streams=Streams(limits.streams),
    )


def make_site(settings: Settings, front: Front, keys: ApiKeys) -> Site:
    gate = Gate(make_sessions(settings), keys, EndedSessions(front.database))
    return Site(
        gate=gate, studio=make_studio(settings, front), admin=make_admin(settings, front, keys)
    )


def make_studio(settings: Settings, front: Front) -> Studio:
    def comfyui() -> str:
        ours = front.pool.status() if isinstance(front, Core) else ()
        found = (instance.url for instance in ours if instance.usable)
        return settings.comfyui_artists_url or next(found, "")

    return Studio(
        desk=Desk(front.ports.catalog, front.audit, front.files),
        comfyui=comfyui,
    )


def _rate(database: Database, kind: str, rate: int) -> Rate:
    return SharedRate(database, kind, rate) if database.shared else RateLimiter(rate)


async def make_first_key(
    keys: ApiKeys, settings: Settings, announce: Callable[[str], None]
) -> None:
    """An admin key in a file that only its owner can read, and on the terminal if there is one.
    The file is there before the key is good, so that no crash leaves a key that nobody has."""
    if await keys.list():
        return
    key = new_secret()
    file = settings.data_dir / ADMIN_KEY_FILE
    file.unlink(missing_ok=True)  # of a database that is gone, or of a start that was cut short
    write_private(file, key)
    try:
        await keys.create("admin", tier=Tier.INTERNAL, admin=True, secret=key)
    except Rejected:  # another process was quicker
        file.unlink(missing_ok=True)
        return
    log.info("the first API key is in %s", file)
    if sys.stdout.isatty():
        announce(f"admin key {key}")
