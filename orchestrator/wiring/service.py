"""The whole service in one process: door, worker and ComfyUI."""

import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import web

from orchestrator.api.app import AccessLog, make_app
from orchestrator.api.assets import Assets
from orchestrator.api.door import House
from orchestrator.api.limits import RateLimiter
from orchestrator.cache import SemanticCache
from orchestrator.errors import ConfigurationError
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.keys import ApiKeys, Tier
from orchestrator.jobs.lock import DataLock
from orchestrator.jobs.outlook import Outlook
from orchestrator.private_files import write_private
from orchestrator.settings import Settings
from orchestrator.storage import LocalStorage
from orchestrator.wiring.adapters import make_data_dir
from orchestrator.wiring.engine import Core, opened
from orchestrator.wiring.webhooks import make_guard

log = logging.getLogger(__name__)

ADMIN_KEY_FILE = "admin.key"
CLOSING = timedelta(seconds=5)  # for answers under way when the service stops


async def serve(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """API, worker and ComfyUI until cancelled. Raises ConfigurationError."""
    make_data_dir(settings)
    with DataLock(settings.data_dir), _listen(settings) as listener:
        url = settings.public_url or _url(listener)
        async with opened(settings, url) as core, ApiKeys(core.database) as keys:
            await _make_first_key(keys, settings, announce)
            app = make_app(
                make_house(settings, core, keys),
                assets=_asset_routes(core),
                largest_body=settings.limits.body,
            )
            async with _served(app, listener):
                await core.work(ready=lambda: announce(f"ready {url}"))


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


def _asset_routes(core: Core) -> list[web.RouteDef]:
    """None if links lead elsewhere."""
    return Assets(core.storage).routes() if isinstance(core.storage, LocalStorage) else []


def make_house(settings: Settings, core: Core, keys: ApiKeys) -> House:
    limits = settings.limits
    return House(
        ports=core.ports,
        keys=keys,
        repetitions=Idempotency(core.database),
        outlook=Outlook(core.database),
        guard=make_guard(settings),
        instances=core.pool,
        rates={Tier.FREE: RateLimiter(limits.free_rate), Tier.PRO: RateLimiter(limits.pro_rate)},
        strangers=RateLimiter(limits.address_rate),
        trusted_proxies=settings.trusted_proxies,
        link_lifetime=settings.link_lifetime,
        longest_outage=limits.outage,
        has_room=lambda: core.space.enough,
        longest_prompt=limits.prompt,
        cache=core.cache if isinstance(core.cache, SemanticCache) else None,
    )


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
