"""What lies below /comfy/: the page of ComfyUI, its login, and the templates for its extension."""

import re

from aiohttp import web

from orchestrator.api.artists import proxy
from orchestrator.api.artists.desk import parsed
from orchestrator.api.artists.studio import ENTRANCE, HOME, STUDIO, artist_of, writer_of
from orchestrator.api.artists.trial import choices, read_trial, trial_graph
from orchestrator.api.door import HOUSE, read_json
from orchestrator.api.fields import Fields
from orchestrator.api.pages import led_to
from orchestrator.api.sign_in import token_of
from orchestrator.errors import Rejected, Unauthorized
from orchestrator.workflows import SAMPLE

LONGEST_TEMPLATE = 4 * 2**20  # bytes, as JSON in JSON


def routes() -> list[web.RouteDef]:
    template = "/comfy/imgen/templates/{name:[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}}"
    return [
        web.get("/comfy", to_page),
        *ENTRANCE.routes(),
        web.get("/comfy/imgen/session", session),
        web.get("/comfy/imgen/templates", listed),
        web.get(template, opened),
        web.put(template, publish),
        web.post(f"{template}/audit", audited),
        web.get(f"{template}/choices", chosen_from),
        web.post(f"{template}/draft", tried),
        web.get(f"{template}/history", history),
        web.get(template + r"/history/{number:\d{1,9}}", version),
        web.get("/comfy/", page),
        web.route("*", "/comfy/{path:.*}", proxy.forward),
    ]


async def to_page(_: web.Request) -> web.Response:
    return web.Response(status=308, headers={"Location": HOME})


async def page(request: web.Request) -> web.StreamResponse:
    """People without a session are led to the login."""
    try:
        await artist_of(request)
    except Unauthorized:
        return led_to(ENTRANCE.login)
    return await proxy.forward(request)


async def session(request: web.Request) -> web.Response:
    """Who it is of, what writes have to bring along, and the names that expressions may use."""
    artist = await artist_of(request)
    names = sorted(SAMPLE.names())
    return _answer({"name": artist.name, "token": token_of(request), "names": names})


async def listed(request: web.Request) -> web.Response:
    await artist_of(request)
    return _answer({"templates": await request.app[STUDIO].desk.templates()})


async def opened(request: web.Request) -> web.Response:
    await artist_of(request)
    return _answer(await request.app[STUDIO].desk.open(request.match_info["name"]))


async def audited(request: web.Request) -> web.Response:
    await writer_of(request)
    text = _text(await read_json(request, longest=LONGEST_TEMPLATE))
    faults = await request.app[STUDIO].desk.faults(request.match_info["name"], text)
    return _answer({"faults": faults})


async def chosen_from(request: web.Request) -> web.Response:
    await artist_of(request)
    shelf = request.app[HOUSE].ports.catalog.shelf()
    return _answer(choices(request.match_info["name"], shelf))


async def tried(request: web.Request) -> web.Response:
    """The graph of a draft; 422 with the faults if there are any."""
    artist, house = await writer_of(request), request.app[HOUSE]
    fields = await read_json(request, longest=LONGEST_TEMPLATE)
    name, text = request.match_info["name"], _text(fields)
    wanted = read_trial(fields, house.ports.catalog.shelf(), longest_prompt=house.longest_prompt)
    if faults := await request.app[STUDIO].desk.faults(name, text):
        return _faulty(faults)
    graph = await trial_graph(parsed(name, text), wanted, artist, house.ports)
    return _answer({"graph": graph})


async def publish(request: web.Request) -> web.Response:
    """422 with the faults if there are any: nothing is written then, nor over another version than
    the one that the page names. Raises PreconditionFailed."""
    artist, replaces = await writer_of(request), _replaced(request)
    desk, name = request.app[STUDIO].desk, request.match_info["name"]
    text = _text(await read_json(request, longest=LONGEST_TEMPLATE))
    if faults := await desk.faults(name, text):
        return _faulty(faults)
    author = artist.name or artist.key_id
    written = await desk.publish(name, text, author=author, replaces=replaces)
    return _answer(written.model_dump(mode="json"))


async def history(request: web.Request) -> web.Response:
    await artist_of(request)
    versions = await request.app[STUDIO].desk.history(request.match_info["name"])
    return _answer({"versions": versions})


async def version(request: web.Request) -> web.Response:
    await artist_of(request)
    name, number = request.match_info["name"], int(request.match_info["number"])
    return _answer(await request.app[STUDIO].desk.version(name, number))


def _replaced(request: web.Request) -> str:
    """The digest of the version that the page has opened; empty: a new template."""
    if request.headers.get("If-None-Match") == "*":
        return ""
    digest = request.headers.get("If-Match", "").strip('"')
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise Rejected("Say what it replaces: If-Match, or If-None-Match: * for a new template")
    return digest


def _text(fields: Fields) -> str:
    return fields.text("text", longest=LONGEST_TEMPLATE)


def _faulty(faults: list[dict[str, str]]) -> web.Response:
    return _answer({"error": "The template has faults", "faults": faults}, status=422)


def _answer(body: object, *, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
