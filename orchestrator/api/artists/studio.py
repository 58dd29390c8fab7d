"""What the artists' handlers need of the service, and who may come in."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from orchestrator.api.artists.desk import Desk
from orchestrator.api.sign_in import Entrance, check_origin, check_token, holder_of
from orchestrator.errors import Forbidden
from orchestrator.models import Caller

HOME = "/comfy/"


@dataclass(frozen=True)
class Studio:
    desk: Desk
    comfyui: Callable[[], str]  # URL of the artists' instance; empty: there is none now


STUDIO = web.AppKey("studio", Studio)


def require_artist(caller: Caller) -> Caller:
    """Raises Forbidden."""
    if not (caller.artist or caller.admin):
        raise Forbidden("This key is not an artist's")
    return caller


ENTRANCE = Entrance(
    path="/comfy",
    home=HOME,
    title="Imgen for artists",
    hint="The API key of an artist or admin opens the page.",
    button="Open ComfyUI",
    admit=require_artist,
)


async def artist_of(request: web.Request) -> Caller:
    """Who has the session's key, if it still may. Raises Unauthorized, Forbidden."""
    return require_artist(await holder_of(request))


async def writer_of(request: web.Request) -> Caller:
    """The artist behind a write with the session's token. Raises Unauthorized, Forbidden."""
    check_origin(request)
    artist = await artist_of(request)
    check_token(request, request.headers.get("X-CSRF-Token", ""))
    return artist
