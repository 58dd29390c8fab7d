"""Opens and closes sessions of artists."""

from datetime import timedelta

from aiohttp import web

from orchestrator.api.artists.session import LIFE
from orchestrator.api.artists.studio import COOKIE, HOME, STUDIO, check_origin, require_artist
from orchestrator.api.door import HOUSE
from orchestrator.api.limits import address_of
from orchestrator.errors import Forbidden, Unauthorized

LONGEST_FORM = 4096  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Imgen for artists</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ display: grid; place-items: center; min-height: 90vh; margin: 0;
  background: #1b1d21; color: #e8e8ea; font: 16px/1.5 system-ui, sans-serif }}
form {{ width: min(22rem, 90vw); padding: 2rem; border-radius: 12px; background: #26292f }}
h1 {{ margin: 0 0 .25rem; font-size: 1.3rem }}
p {{ margin: 0 0 1.25rem; color: #a9adb7 }}
p.fault {{ color: #ff9c8f }}
input, button {{ box-sizing: border-box; width: 100%; padding: .65rem .8rem; border-radius: 8px;
  border: 1px solid #454a54; background: #1b1d21; color: inherit; font: inherit }}
button {{ margin-top: .9rem; border: 0; background: #4f7cff; color: #fff; cursor: pointer }}
</style>
<form method="post" action="/comfy/login">
<h1>Imgen for artists</h1><p class="{kind}">{text}</p>
<input type="password" name="key" aria-label="API key" placeholder="imgen_…"
  autocomplete="current-password" required autofocus>
<button>Open ComfyUI</button>
</form></html>
"""


async def show(_: web.Request) -> web.Response:
    return _page("The API key of an artist or admin opens the page.")


async def open_session(request: web.Request) -> web.Response:
    """Raises Forbidden for another origin, RateLimited."""
    check_origin(request)
    house, sessions = request.app[HOUSE], request.app[STUDIO].sessions
    if (request.content_length or 0) > LONGEST_FORM:
        return _page("That is no API key.", fault=True)
    key = (await request.post()).get("key", "")
    try:
        caller = require_artist(await house.keys.caller(str(key).strip()))
    except (Unauthorized, Forbidden) as error:
        await house.strangers.take(address_of(request, trusted=house.trusted_proxies))
        return _page(f"{error.message}.", fault=True)
    session = sessions.open(caller.key_id)
    answer = web.Response(status=303, headers={"Location": HOME})
    _set_cookie(request, answer, sessions.cookie(session), LIFE)
    return answer


async def close_session(request: web.Request) -> web.Response:
    check_origin(request)
    answer = web.Response(status=303, headers={"Location": "/comfy/login"})
    _set_cookie(request, answer, "", timedelta())
    return answer


def _set_cookie(request: web.Request, answer: web.Response, value: str, life: timedelta) -> None:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=int(life.total_seconds()),
        path="/comfy",
        httponly=True,
        samesite="Strict",
        secure=request.headers.get("Origin", "").startswith("https:"),
    )


def _page(text: str, *, fault: bool = False) -> web.Response:
    """`text` is ours: nothing that was sent is shown."""
    return web.Response(
        text=PAGE.format(kind="fault" if fault else "", text=text),
        status=401 if fault else 200,
        content_type="text/html",
        headers=HEADERS,
    )
