"""The ComfyUI page below /comfy/: passes on what the page needs, and nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    WSMessage,
    WSMsgType,
    web,
)
from yarl import URL

from orchestrator.api.artists.neighbours import check_order, visible
from orchestrator.api.artists.studio import STUDIO, artist_of
from orchestrator.api.sign_in import check_origin
from orchestrator.errors import (
    BodyTooLarge,
    Forbidden,
    NotFound,
    Unauthorized,
    Unavailable,
    UpstreamFailed,
)

LONGEST_BODY = 100 * 2**20  # bytes; what ComfyUI takes
LONGEST_MESSAGE = 64 * 2**20  # bytes of a websocket message: previews
TIME_LIMIT = ClientTimeout(total=None, connect=10, sock_read=60)  # seconds
HEARTBEAT = 30.0  # seconds
RECHECKED_EVERY = 5.0  # seconds that a websocket may outlive its session
SAFE_METHODS = frozenset({"GET", "HEAD"})

# Of the server; the private routes of our pack and of other packs are not among them.
SERVED = re.compile(
    r"(api/)?(prompt|queue|interrupt|free|history|view|view_metadata|object_info|embeddings"
    r"|extensions|upload|system_stats|settings|users|userdata|v2/userdata|models|features|i18n"
    r"|workflow_templates|global_subgraphs|experiment/models|jobs)(/.*)?"
)
PAGE = re.compile(r"((scripts|lib|types|assets|fonts|cursor|templates)/.+|[\w.-]+\.\w+)?")
SOCKET = re.compile(r"(api/)?ws")
RUNS = re.compile(r"(api/)?(queue|history|jobs)(/.*)?")
ORDERS = re.compile(r"(api/)?(queue|history|interrupt)")  # about runs

REQUEST_HEADERS = frozenset(
    {
        *("accept", "accept-language", "content-type", "cache-control", "range"),
        *("if-none-match", "if-modified-since", "comfy-user", "comfyui-client"),
    }
)
RESPONSE_HEADERS = frozenset(
    {
        *("content-type", "content-disposition", "content-range", "accept-ranges"),
        *("cache-control", "etag", "last-modified", "vary"),
    }
)
FILES = re.compile(r"(api/)?(view|userdata|v2/userdata)\b.*")
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


async def forward(request: web.Request) -> web.StreamResponse:
    """Raises Unauthorized, Forbidden, NotFound, BodyTooLarge, Unavailable, UpstreamFailed."""
    await artist_of(request)
    path = request.match_info.get("path", "")
    if SOCKET.fullmatch(path):
        return await _relay(request)
    if request.method not in SAFE_METHODS:
        check_origin(request)
    elif PAGE.fullmatch(path):
        return await _pass(request)
    if not SERVED.fullmatch(path) or ".." in path.split("/"):
        raise NotFound
    if request.method in SAFE_METHODS and RUNS.fullmatch(path):
        return await _list(request)
    if ORDERS.fullmatch(path):
        return await _order(request)
    return await _pass(request)


def _target(request: web.Request) -> URL:
    path = request.rel_url.raw_path.removeprefix("/comfy")
    return URL(_base(request) + path, encoded=True).with_query(request.rel_url.query)


def _base(request: web.Request) -> str:
    base = request.app[STUDIO].comfyui()
    if not base:
        raise Unavailable("No ComfyUI is there for artists now")
    return base.rstrip("/")


async def _list(request: web.Request) -> web.Response:
    """Without the runs of requests."""
    listing = await visible(_target(request), base=_base(request))
    return web.json_response(listing, headers=GUARDS)


async def _order(request: web.Request) -> web.StreamResponse:
    """About runs. Raises Forbidden if one of a request is among them."""
    body = await request.read()
    await check_order(request.path, body, base=_base(request))
    return await _pass(request, body)


async def _pass(request: web.Request, body: bytes = b"") -> web.StreamResponse:
    """With this body if it has been read already."""
    if (request.content_length or 0) > LONGEST_BODY:
        raise BodyTooLarge
    try:
        async with (
            ClientSession(timeout=TIME_LIMIT, auto_decompress=True) as client,
            client.request(
                request.method,
                _target(request),
                headers=_picked(request.headers, REQUEST_HEADERS),
                data=body or (_body(request) if request.body_exists else None),
                allow_redirects=False,
            ) as answer,
        ):
            headers = _picked(answer.headers, RESPONSE_HEADERS) | GUARDS
            if FILES.fullmatch(request.match_info.get("path", "")):  # what people have put there
                headers["Content-Security-Policy"] = "sandbox"
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response
    except ClientError as error:
        raise UpstreamFailed("ComfyUI does not answer", detail=str(error)) from error


def _picked(headers: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in names}


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    length = 0
    async for chunk in request.content.iter_any():
        length += len(chunk)
        if length > LONGEST_BODY:
            raise BodyTooLarge
        yield chunk


async def _relay(request: web.Request) -> web.WebSocketResponse:
    check_origin(request)
    page = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE, heartbeat=HEARTBEAT)
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=None, connect=10)) as client,
            client.ws_connect(
                _target(request), max_msg_size=LONGEST_MESSAGE, heartbeat=HEARTBEAT
            ) as comfyui,
        ):
            await page.prepare(request)
            await _first_of(_copy(page, comfyui), _copy(comfyui, page), _end_of_session(request))
            await page.close()
    except ClientError as error:
        raise UpstreamFailed("ComfyUI does not answer", detail=str(error)) from error
    return page


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends; the others are given up."""
    tasks = {asyncio.create_task(work) for work in works}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _end_of_session(request: web.Request) -> None:
    """Waits for it."""
    while True:
        await asyncio.sleep(RECHECKED_EVERY)
        try:
            await artist_of(request)
        except (Unauthorized, Forbidden):
            return


async def _copy(source: Socket, target: Socket) -> None:
    async for message in source:
        await _send(target, message)


async def _send(target: Socket, message: WSMessage) -> None:
    if message.type is WSMsgType.TEXT:
        await target.send_str(message.data)
    elif message.type is WSMsgType.BINARY:
        await target.send_bytes(message.data)
