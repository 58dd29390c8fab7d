"""The semantic cache, for admins: what is in it, forget it, begin again from the job records."""

from dataclasses import asdict

from aiohttp import web

from orchestrator.api.door import HOUSE, authenticate
from orchestrator.edge_ports import CacheControl
from orchestrator.errors import NotFound

PATH = "/api/cache"


def routes() -> list[web.RouteDef]:
    return [
        web.get(PATH, show, allow_head=False),
        web.delete(PATH, clear),
        web.post(f"{PATH}/reindex", reindex),
    ]


async def show(request: web.Request) -> web.Response:
    cache = await _controlled(request)
    return web.json_response(asdict(await cache.stats()))


async def clear(request: web.Request) -> web.Response:
    await (await _controlled(request)).clear()
    return web.json_response({})


async def reindex(request: web.Request) -> web.Response:
    """Answers at once; `stats` tells how far it is."""
    await (await _controlled(request)).reindex()
    return web.json_response({}, status=202)


async def _controlled(request: web.Request) -> CacheControl:
    """Raises NotFound to those who are no admins, and where nothing is cached."""
    caller, cache = await authenticate(request), request.app[HOUSE].cache
    if cache is None or not caller.admin:
        raise NotFound
    return cache
