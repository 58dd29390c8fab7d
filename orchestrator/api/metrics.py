"""`GET /metrics`, and what is counted of each request. Of a path only its route is told."""

import time
from typing import Protocol

from aiohttp import hdrs, web

from orchestrator.api.door import Handler, authenticate, errors_as_json
from orchestrator.errors import NotFound

PATH = "/metrics"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
GONE = 499  # the client left before the answer was complete; nginx writes it so


class Telemetry(Protocol):
    """What operators watch."""

    def answered(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count an HTTP request. `route` is the template of its path."""

    async def text(self) -> str:
        """In the text format of Prometheus. Never raises: what can't be told is left out."""


TELEMETRY = web.AppKey("telemetry", Telemetry)


def routes() -> list[web.RouteDef]:
    return [web.get(PATH, show_admin, allow_head=False)]


def make_metrics_app(telemetry: Telemetry) -> web.Application:
    """For a listener that only this machine reaches: it asks for no key."""
    app = web.Application(middlewares=[errors_as_json])
    app[TELEMETRY] = telemetry
    app.add_routes([web.get(PATH, show, allow_head=False)])
    return app


async def show(request: web.Request) -> web.Response:
    text = await request.app[TELEMETRY].text()
    return web.Response(body=text.encode(), headers={hdrs.CONTENT_TYPE: FORMAT})


async def show_admin(request: web.Request) -> web.Response:
    """Raises NotFound to those who are no admins."""
    if not (await authenticate(request)).admin:
        raise NotFound
    return await show(request)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    begun, status = time.monotonic(), GONE
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as answer:
        status = answer.status
        raise
    else:
        return response
    finally:
        seconds = time.monotonic() - begun
        request.app[TELEMETRY].answered(
            _method(request), _route(request), status=status, seconds=seconds
        )


def _method(request: web.Request) -> str:
    """Clients may send any word."""
    return request.method if request.method in hdrs.METH_ALL else "other"


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"
