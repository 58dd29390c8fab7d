"""What lies below /admin: the page, its parts as they are now, and what can be switched there."""

import logging
from uuid import UUID

from aiohttp import web

from orchestrator.api.admin.access import ADMIN, ENTRANCE, HOME, admin_of
from orchestrator.api.admin.keys import switch
from orchestrator.api.admin.state import State, read_state
from orchestrator.api.door import HOUSE
from orchestrator.api.pages import led_to, page
from orchestrator.api.sign_in import check_origin, check_token, read_form, token_of
from orchestrator.errors import Forbidden, JobNotFound, Rejected, Unauthorized
from orchestrator.models import AssetKind, Caller
from orchestrator.web import render

log = logging.getLogger(__name__)

PARTS = (
    *("summary", "instances", "queue", "jobs", "verdicts"),
    *("refused", "offer", "keys", "storage"),
)
LONGEST_QUERY = 200  # characters
SWITCHES = {"enable": True, "disable": False}


def routes() -> list[web.RouteDef]:
    return [
        *ENTRANCE.routes(),
        web.get("/admin", show),
        web.get("/admin/", show),
        web.get("/admin/state", parts),
        web.get("/admin/jobs/{id:[0-9a-f]{32}}/picture", picture),
        web.post("/admin/keys", switch_key),
    ]


async def show(request: web.Request) -> web.Response:
    """People without a session are led to the login."""
    try:
        caller = await admin_of(request)
    except Unauthorized:
        return led_to(ENTRANCE.login)
    except Forbidden as error:
        return ENTRANCE.form(error.message, status=error.status)
    return page(
        "admin.html",
        names=PARTS,
        query=_query(request),
        who=caller.name or caller.key_id,
        state=await _state(request, caller),
        token=token_of(request),
    )


async def parts(request: web.Request) -> web.Response:
    """What is to be put in the place of those parts of the page that have changed."""
    state, token = await _state(request, await admin_of(request)), token_of(request)
    rendered = {name: render(f"admin/{name}.html", state=state, token=token) for name in PARTS}
    body = {"at": state.seen.at.isoformat(), "parts": rendered}
    return web.json_response(body, headers={"Cache-Control": "no-store"})


async def picture(request: web.Request) -> web.Response:
    """Leads to the picture of a job, if it may be shown. Raises JobNotFound."""
    await admin_of(request)
    house = request.app[HOUSE]
    job = await house.ports.ledger.get(UUID(request.match_info["id"]))
    if job is None or not job.cleared:
        raise JobNotFound
    asset = next(asset for asset in job.assets if asset.kind is AssetKind.SIGNED)
    return led_to(house.ports.storage.link(asset, lifetime=house.link_lifetime))


async def switch_key(request: web.Request) -> web.Response:
    """Raises Unauthorized, Forbidden, NotFound, Rejected."""
    check_origin(request)
    caller, form = await admin_of(request), await read_form(request)
    check_token(request, form.get("token", ""))
    action = form.get("action", "")
    if action not in SWITCHES:
        raise Rejected("The action is enable or disable")
    name = await switch(
        request.app[ADMIN].keys,
        form.get("key", ""),
        enabled=SWITCHES[action],
        own=caller.key_id,
    )
    log.info("key %s: %sd by %s", name, action, caller.name)
    return led_to(f"{HOME}#keys")


async def _state(request: web.Request, caller: Caller) -> State:
    return await read_state(request.app[HOUSE], request.app[ADMIN], caller, _query(request))


def _query(request: web.Request) -> str:
    return request.query.get("q", "")[:LONGEST_QUERY]
