"""A server between the storage and the real S3 server, that spoils what it is told to spoil."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
from aiohttp import web
from yarl import URL

# Given the request and its body: an answer instead of the server's, or None to pass the request on.
Fault = Callable[[web.Request, bytearray], Awaitable[web.StreamResponse | None]]

OF_ONE_CONNECTION = ("Connection", "Transfer-Encoding", "Content-Encoding")


@dataclass
class S3Proxy:
    server: str  # its URL
    faults: list[Fault] = field(default_factory=list)  # one for each of the next uploads
    seen: list[web.Request] = field(default_factory=list)
    methods: tuple[str, ...] = ("PUT",)  # that are spoiled
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["S3Proxy"]:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            yield self
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        body = bytearray(await request.read())
        if request.method in self.methods and self.faults:
            answer = await self.faults.pop(0)(request, body)
            if answer is not None:
                return answer
        url = URL(f"{self.server}{request.raw_path}", encoded=True)  # as it was signed
        async with self._session.request(
            request.method, url, headers=request.headers, data=BytesIO(body)
        ) as answer:
            headers = {k: v for k, v in answer.headers.items() if k not in OF_ONE_CONNECTION}
            return web.Response(
                status=answer.status, headers=headers, body=await answer.read() or None
            )


def says(status: int, code: str) -> Fault:
    async def fault(request: web.Request, body: bytearray) -> web.Response:
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
        return web.Response(status=status, text=text, content_type="application/xml")

    return fault


async def changes_a_byte(request: web.Request, body: bytearray) -> None:
    body[0] ^= 1


async def hangs_up(request: web.Request, body: bytearray) -> web.StreamResponse:
    assert request.transport
    request.transport.close()
    return web.Response()


async def never_answers(request: web.Request, body: bytearray) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def drips(request: web.Request, body: bytearray) -> web.StreamResponse:
    """Until nobody listens any more."""
    answer = web.StreamResponse(headers={"Content-Length": str(2**28)})
    await answer.prepare(request)
    while True:
        await answer.write(b"x" * 2**16)
        await asyncio.sleep(0.01)


async def sends_half(request: web.Request, body: bytearray) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b"x" * 500)
    return await hangs_up(request, body)
