"""`GET /api/v2/events/{id}`: what `status` would say, sent whenever it changes, until the end."""

import json
from datetime import timedelta

from aiohttp import web

from orchestrator.api.door import HOUSE, authenticate
from orchestrator.api.v2.actions import find_job, shown

LOOK = timedelta(seconds=1)  # an end is told at once, progress is looked for
ALIVE = 15  # looks without a change after which a comment keeps the connection open

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # proxies must not hold events back
}


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v2/events/{id}", events, allow_head=False)]


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events `status`; the last one is final. Raises as `status` does."""
    house = request.app[HOUSE]
    caller = await authenticate(request)
    job = await find_job(request.match_info["id"], caller, house)
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    told, quiet = "", 0
    while True:
        body = json.dumps(await shown(job, house))
        quiet = 0 if body != told else quiet + 1
        if body != told:
            await response.write(f"event: status\ndata: {body}\n\n".encode())
        elif quiet % ALIVE == 0:
            await response.write(b": waiting\n\n")
        told = body
        if job.status.final:
            return response
        await house.ports.ledger.changed(job.id, within=LOOK)
        job = await house.ports.ledger.get(job.id) or job
