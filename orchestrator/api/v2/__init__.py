"""Imgen API v2: `POST /api/v2`, one JSON object with an `action`; and events of a job."""

from aiohttp import web

from orchestrator.api.v2 import actions, events


def routes() -> list[web.RouteDef]:
    return [*actions.routes(), *events.routes()]
