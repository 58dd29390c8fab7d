"""The HTTP server around the application: bounds on connections, answers to what is no HTTP, and an
end in good order."""

import asyncio
import json
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import web

from orchestrator.api.app import AccessLog
from orchestrator.api.limits import Networks, is_trusted
from orchestrator.errors import Rejected, Unavailable

log = logging.getLogger(__name__)

CLOSING = timedelta(seconds=5)  # for answers under way when the service stops
BACKLOG = 512  # connections that the system holds until we take them


@dataclass(frozen=True)
class Bounds:
    connections: int = 1000
    of_one_address: int = 200  # a trusted proxy has no such bound
    trusted_proxies: Networks = ()
    # From the connection, or the last answer, until the head of a request has arrived. Longer than
    # proxies keep a connection to us unused, so that they close it and not we.
    head: timedelta = timedelta(seconds=65)


@asynccontextmanager
async def served(
    app: web.Application, listener: socket.socket, bounds: Bounds
) -> AsyncIterator[None]:
    """Answers until the block ends; then streams end at once and answers within `CLOSING`."""
    runner = web.AppRunner(app, shutdown_timeout=CLOSING.total_seconds())
    await runner.setup()
    count = _Count(bounds)
    door = await asyncio.get_running_loop().create_server(
        lambda: _Connection(runner.server, count), sock=listener, backlog=BACKLOG
    )
    try:
        yield
    finally:
        door.close()
        await runner.cleanup()


@dataclass
class _Count:
    """Connections that are open."""

    bounds: Bounds
    of: Counter[str] = field(default_factory=Counter)  # by address

    def enter(self, address: str) -> bool:
        """Whether there is room for one more."""
        free = is_trusted(address, self.bounds.trusted_proxies)
        full = self.of.total() >= self.bounds.connections
        if full or (not free and self.of[address] >= self.bounds.of_one_address):
            return False
        self.of[address] += 1
        return True

    def leave(self, address: str) -> None:
        self.of[address] -= 1
        if not self.of[address]:
            del self.of[address]


class _Connection(web.RequestHandler):
    __slots__ = ("_address", "_count")

    def __init__(self, server: Any, count: _Count) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=count.bounds.head.total_seconds(),
            access_log_class=AccessLog,
        )
        self._count = count
        self._address: str | None = None  # once counted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        address = str((transport.get_extra_info("peername") or ("",))[0])
        if self._count.enter(address):
            self._address = address
            super().connection_made(transport)
        elif isinstance(transport, asyncio.Transport):
            transport.write(_FULL)
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._address is not None:
            super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._address is not None:
            self._count.leave(self._address)
            super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """What aiohttp refuses before it asks the application, such as an unknown `Expect`."""
        if isinstance(resp, web.HTTPException) and resp.status >= HTTPStatus.BAD_REQUEST:
            resp = _answer(resp.status)
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  the signature is theirs
    ) -> web.Response:
        """What was sent is no HTTP, or the application itself has failed."""
        if request.writer.output_size > 0:
            raise ConnectionAbortedError  # an answer has begun: there can't be another
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("answered %d", status, exc_info=exc)
        answer = _answer(status)
        answer.force_close()
        return answer


def _answer(status: int) -> web.Response:
    bad = status == HTTPStatus.BAD_REQUEST
    text = Rejected.__doc__ if bad else HTTPStatus(status).phrase
    return web.json_response({"error": text}, status=status)


def _raw(error: Unavailable) -> bytes:
    """A whole HTTP answer for who is not let in."""
    body = json.dumps({"error": error.message}).encode()
    status = HTTPStatus(error.status)
    head = (
        f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: {error.retry_after:.0f}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


_FULL = _raw(Unavailable("Too many connections"))
