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


class Ended(Protocol):
    """Sessions that were left, by the nonce that names them."""

    async def end(self, name: str, *, expires: float) -> None: ...

    async def has_ended(self, name: str) -> bool: ...


@dataclass(frozen=True)
class Gate:
    sessions: Sessions
    keys: Holders
    ended: Ended


GATE = web.AppKey("gate", Gate)


def session_of(request: web.Request) -> Session:
    """Raises Unauthorized."""
    session = request.app[GATE].sessions.read(request.cookies.get(COOKIE, ""))
    if session is None:
        raise Unauthorized
    return session


async def holder_of(request: web.Request) -> Caller:
    """Who has the session's key, if both are still good. Raises Unauthorized."""
    session, gate = session_of(request), request.app[GATE]
    if await gate.ended.has_ended(session.nonce):
        raise Unauthorized
    return await gate.keys.holder(session.key_id)


async def end_session(request: web.Request) -> None:
    """From now on its cookie opens nothing, whoever has a copy."""
    gate = request.app[GATE]
    if session := gate.sessions.read(request.cookies.get(COOKIE, "")):
        await gate.ended.end(session.nonce, expires=session.expires)


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
