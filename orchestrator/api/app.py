"""The web application: all dialects on one port."""

import logging
from collections.abc import Iterable

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from orchestrator.api import artists, cache, health, metrics, v2
from orchestrator.api.artists import STUDIO, Studio
from orchestrator.api.door import HOUSE, House, errors_as_json
from orchestrator.api.metrics import TELEMETRY, Telemetry

log = logging.getLogger("imgen.access")

DIALECTS = (v2,)


def make_app(
    house: House,
    *,
    assets: Iterable[web.RouteDef],
    largest_body: int,
    studio: Studio | None = None,
    telemetry: Telemetry | None = None,
) -> web.Application:
    """`assets` are the routes of a storage that serves its own links; `largest_body` in bytes;
    without a studio there is no page for artists, without telemetry nothing is counted."""
    counting = [metrics.counted] if telemetry else []
    app = web.Application(middlewares=[*counting, errors_as_json], client_max_size=largest_body)
    app[HOUSE] = house
    app.on_shutdown.append(_end_streams)
    for dialect in DIALECTS:
        app.add_routes(dialect.routes())
    app.add_routes([*health.routes(), *cache.routes(), *assets])
    if studio:
        app[STUDIO] = studio
        app.add_routes(artists.routes())
    if telemetry:
        app[TELEMETRY] = telemetry
        app.add_routes(metrics.routes())
    return app


async def _end_streams(app: web.Application) -> None:
    app[HOUSE].streams.close()


class AccessLog(AbstractAccessLogger):
    """One line a request, without the query string: links carry their signature there."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        log.info(
            "%s %s %s %d %.1f ms",
            request.remote,
            request.method,
            request.rel_url.raw_path,  # as it was sent: without line breaks
            response.status,
            time * 1000,
        )
