"""The web application: all dialects on one port."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from orchestrator.api import admin, artists, cache, health, metrics, pages, v2
from orchestrator.api.admin import ADMIN, Admin
from orchestrator.api.artists import STUDIO, Studio
from orchestrator.api.door import HOUSE, House, errors_as_json, refuse_repeated_headers
from orchestrator.api.metrics import TELEMETRY, Telemetry
from orchestrator.api.sign_in import GATE, Gate

log = logging.getLogger("imgen.access")

DIALECTS = (v2,)


@dataclass(frozen=True)
class Site:
    """The pages for people in a browser."""

    gate: Gate
    studio: Studio | None = None  # None: no page of that kind
    admin: Admin | None = None


def make_app(
    house: House,
    *,
    assets: Iterable[web.RouteDef],
    largest_body: int,
    site: Site | None = None,
    telemetry: Telemetry | None = None,
) -> web.Application:
    """`assets` are the routes of a storage that serves its own links; `largest_body` in bytes;
    without a site there are no pages, without telemetry nothing is counted."""
    counting = [metrics.counted] if telemetry else []
    app = web.Application(
        middlewares=[*counting, errors_as_json, refuse_repeated_headers],
        client_max_size=largest_body,
    )
    app[HOUSE] = house
    app.on_shutdown.append(_end_streams)
    for dialect in DIALECTS:
        app.add_routes(dialect.routes())
    app.add_routes([*health.routes(), *cache.routes(), *assets])
    if site:
        _open(site, app)
    if telemetry:
        app[TELEMETRY] = telemetry
        app.add_routes(metrics.routes())
    return app


def _open(site: Site, app: web.Application) -> None:
    app[GATE] = site.gate
    app.add_routes(pages.routes())
    if site.studio:
        app[STUDIO] = site.studio
        app.add_routes(artists.routes())
    if site.admin:
        app[ADMIN] = site.admin
        app.add_routes(admin.routes())


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
