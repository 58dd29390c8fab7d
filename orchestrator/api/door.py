"""What every request passes: who asks, how often, and one JSON object read within bounds.

Handlers raise; `errors_as_json` is the one place where an error becomes an answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import BadHttpMessage

from orchestrator.api.fields import Fields, parse_object
from orchestrator.api.limits import Networks, address_of
from orchestrator.api.streams import Streams
from orchestrator.edge_ports import CacheControl, Keys, Outlook, Rate, Repetitions, UrlGuard
from orchestrator.errors import (
    BodyTooLarge,
    GenerationFailed,
    ImgenError,
    InvalidField,
    InvalidJson,
    InvalidKey,
    KeyDisabled,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Rejected,
    RequestUnderWay,
    StorageFull,
    TooSlow,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from orchestrator.models import Caller
from orchestrator.ports import InstanceView, Ports

log = logging.getLogger(__name__)

BODY_LIMIT = timedelta(seconds=60)  # for a whole body to arrive
# Of two of these a proxy may believe the one and we the other.
SENT_ONCE = ("Authorization", "Idempotency-Key", "X-API-Key")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class House:
    """What handlers need of the service."""

    ports: Ports
    keys: Keys
    repetitions: Repetitions
    outlook: Outlook
    guard: UrlGuard
    instances: InstanceView
    rates: dict[str, Rate]  # by tier; a tier without one is not limited
    strangers: Rate  # failed authentications, by address
    trusted_proxies: Networks
    link_lifetime: timedelta
    longest_outage: timedelta
    has_room: Callable[[], bool]  # on the disk
    longest_prompt: int  # characters
    cache: CacheControl | None = None
    streams: Streams = field(default_factory=Streams)

    @property
    def can_draw(self) -> bool:
        """A ComfyUI is there, or has been away for so short a time that jobs may wait for it."""
        return self.instances.outage() <= self.longest_outage

    def refuse_if_unable(self) -> None:
        """Raises GenerationFailed when no ComfyUI has been there for too long, and StorageFull."""
        if not self.has_room():
            raise StorageFull
        if not self.can_draw:
            raise GenerationFailed


HOUSE = web.AppKey("house", House)


async def authenticate(request: web.Request) -> Caller:
    """Raises Unauthorized, InvalidKey, KeyDisabled, RateLimited, Unavailable."""
    house = request.app[HOUSE]
    try:
        caller = await house.keys.caller(_bearer(request))
    except (InvalidKey, KeyDisabled):
        await house.strangers.take(address_of(request, trusted=house.trusted_proxies))
        raise
    if caller.tier in house.rates:
        await house.rates[caller.tier].take(caller.key_id)
    return caller


def _bearer(request: web.Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthorized
    return secret.strip()


async def read_json(request: web.Request, *, longest: int) -> Fields:
    """`longest` in bytes: parsing a body holds up everybody else.

    Raises UnsupportedMedia, BodyTooLarge, TooSlow, InvalidJson.
    """
    if request.content_type != "application/json" and "Content-Type" in request.headers:
        raise UnsupportedMedia
    return parse_object(await read_body(request, longest=longest, fault=InvalidJson))


async def read_body(
    request: web.Request, *, longest: int, fault: type[Rejected] = Rejected
) -> bytes:
    """`longest` in bytes; `fault` is raised for what says to be compressed and is not, and the
    like. Raises BodyTooLarge, TooSlow."""
    if (request.content_length or 0) > longest:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(BODY_LIMIT.total_seconds()):
            body = await request.read()
    except TimeoutError:
        raise TooSlow from None
    except (ClientPayloadError, BadHttpMessage, web.RequestPayloadError):
        raise fault from None
    if len(body) > longest:
        raise BodyTooLarge
    return body


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ConnectionError:
        raise  # the client has gone
    except Exception as error:
        if isinstance(error, web.HTTPException) and error.status < HTTPStatus.BAD_REQUEST:
            raise
        if not isinstance(error, ImgenError | web.HTTPException):
            log.exception("%s %s", request.method, request.rel_url.raw_path)
        if request.writer.output_size > 0:
            log.error("broke off %s: %s", request.rel_url.raw_path, error)  # noqa: TRY400
            raise ConnectionAbortedError from error  # there can't be a second answer
        return _answer_to(error)


@web.middleware
async def refuse_repeated_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises InvalidField. aiohttp itself refuses those that HTTP forbids to repeat."""
    for name in SENT_ONCE:
        if len(request.headers.getall(name, [])) > 1:
            raise InvalidField(name, reason="it was sent more than once")
    return await handler(request)


def _answer_to(error: Exception) -> web.Response:
    if isinstance(error, ImgenError):
        return _answer(error)
    if not isinstance(error, web.HTTPException):
        return _answer(ImgenError())
    known = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge, 415: UnsupportedMedia}
    answer = _answer(known.get(error.status, Rejected)())
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer


def _answer(error: ImgenError) -> web.Response:
    headers = {}
    if isinstance(error, (RateLimited, RequestUnderWay, Unavailable)):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status >= 500:
        log.error("answered %d: %s", error.status, error)
    message = error.message if error.status != 500 else ImgenError.__doc__
    return web.json_response({"error": message}, status=error.status, headers=headers)
