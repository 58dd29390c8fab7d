"""What the artists' handlers need of the service, and who may come in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from yarl import URL

from orchestrator.api.artists.desk import Desk
from orchestrator.api.artists.session import Session, Sessions
from orchestrator.errors import Forbidden, Unauthorized
from orchestrator.models import Caller

COOKIE = "imgen_artist"
HOME = "/comfy/"


class Holders(Protocol):
    async def holder(self, key_id: str) -> Caller:
        """Who has the key of this id. Raises InvalidKey, KeyDisabled."""


@dataclass(frozen=True)
class Studio:
    desk: Desk
    sessions: Sessions
    keys: Holders
    comfyui: Callable[[], str]  # URL of the artists' instance; empty: there is none now


STUDIO = web.AppKey("studio", Studio)


def session_of(request: web.Request) -> Session:
    """Raises Unauthorized."""
    session = request.app[STUDIO].sessions.read(request.cookies.get(COOKIE, ""))
    if session is None:
        raise Unauthorized
    return session


async def artist_of(request: web.Request) -> Caller:
    """Who has the session's key, if it still may. Raises Unauthorized, Forbidden."""
    caller = await request.app[STUDIO].keys.holder(session_of(request).key_id)
    return require_artist(caller)


def require_artist(caller: Caller) -> Caller:
    """Raises Forbidden."""
    if not (caller.artist or caller.admin):
        raise Forbidden("This key is not an artist's")
    return caller


def check_origin(request: web.Request) -> None:
    """Browsers name the page's origin with every write and websocket. Raises Forbidden."""
    origin = request.headers.get("Origin", "")
    if not origin or URL(origin).authority != URL(f"http://{request.host}").authority:
        raise Forbidden("Another site asked for this")


async def writer_of(request: web.Request) -> Caller:
    """The artist behind a write with the session's token. Raises Unauthorized, Forbidden."""
    check_origin(request)
    artist = await artist_of(request)
    sessions = request.app[STUDIO].sessions
    if not sessions.is_token(request.headers.get("X-CSRF-Token", ""), session_of(request)):
        raise Forbidden("The page is out of date: load it again")
    return artist
