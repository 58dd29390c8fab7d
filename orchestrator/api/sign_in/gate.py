"""Who asks from within a browser, and whether it was our page that made them ask."""

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from yarl import URL

from orchestrator.api.sign_in.sessions import Session, Sessions
from orchestrator.errors import Forbidden, Unauthorized
from orchestrator.models import Caller

COOKIE = "imgen_session"


class Holders(Protocol):
    async def holder(self, key_id: str) -> Caller:
        """Who has the key of this id. Raises InvalidKey, KeyDisabled."""


@dataclass(frozen=True)
class Gate:
    sessions: Sessions
    keys: Holders


GATE = web.AppKey("gate", Gate)


def session_of(request: web.Request) -> Session:
    """Raises Unauthorized."""
    session = request.app[GATE].sessions.read(request.cookies.get(COOKIE, ""))
    if session is None:
        raise Unauthorized
    return session


async def holder_of(request: web.Request) -> Caller:
    """Who has the session's key, if it is still good. Raises Unauthorized."""
    return await request.app[GATE].keys.holder(session_of(request).key_id)


def token_of(request: web.Request) -> str:
    """What every write of this session has to bring along. Raises Unauthorized."""
    return request.app[GATE].sessions.token(session_of(request))


def check_origin(request: web.Request) -> None:
    """Browsers name the page's origin with every write and websocket. Raises Forbidden."""
    origin = request.headers.get("Origin", "")
    if not origin or URL(origin).authority != URL(f"http://{request.host}").authority:
        raise Forbidden("Another site asked for this")


def check_token(request: web.Request, token: str) -> None:
    """Raises Unauthorized, Forbidden."""
    if not request.app[GATE].sessions.is_token(token, session_of(request)):
        raise Forbidden("The page is out of date: load it again")
