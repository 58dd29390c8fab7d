"""`GET /api/v2/events/{id}`: what `status` would say, sent whenever it changes, until the end."""

import json
from datetime import timedelta

from aiohttp import web

from orchestrator.api.door import HOUSE, House, authenticate
from orchestrator.api.v2.actions import find_job, shown
from orchestrator.models import Job

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
    body = await _said(job, house)  # before the answer begins, so that it can be an error
    response = web.StreamResponse(headers=HEADERS)
    with house.streams.one(caller.key_id):
        await response.prepare(request)
        await _tell(response, body)
        await _follow(job, body, response, house)
    return response


async def _follow(job: Job, told: str, response: web.StreamResponse, house: House) -> None:
    quiet = 0
    while not job.status.final:
        await house.ports.ledger.changed(job.id, within=LOOK)
        job = await house.ports.ledger.get(job.id) or job
        body = await _said(job, house)
        quiet = 0 if body != told else quiet + 1
        if body != told:
            await _tell(response, body)
        elif quiet % ALIVE == 0:
            await response.write(b": waiting\n\n")
        told = body


async def _said(job: Job, house: House) -> str:
    return json.dumps(await shown(job, house))


async def _tell(response: web.StreamResponse, body: str) -> None:
    await response.write(f"event: status\ndata: {body}\n\n".encode())
