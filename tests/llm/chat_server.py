"""A fake: it speaks as an OpenAI-compatible chat endpoint does, and says what the test tells it to.

It is no language model. It listens on a real port, so that a real client is tested.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeChat:
    """Behaves as told, one behaviour a request; the last one stays. Keeps what it was asked."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        behaviour = self._behaviours[0]
        if len(self._behaviours) > 1:
            del self._behaviours[0]
        return await behaviour(request)


@asynccontextmanager
async def chat_server(*behaviours: Behaviour) -> AsyncIterator[FakeChat]:
    fake = FakeChat(*behaviours)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


def says(content: str | None, *, finish: str = "stop") -> Behaviour:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return sends({"id": "1", "object": "chat.completion", "choices": [choice]})


def sends(body: Any, *, status: int = 200) -> Behaviour:
    async def behave(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return behave


def sends_bytes(body: bytes) -> Behaviour:
    async def behave(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="text/event-stream")

    return behave


async def hangs(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def never_ends(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"{" * 65536)


async def drips(request: web.Request) -> web.StreamResponse:
    """A byte now and then: alive, and never done."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def drops(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def redirects(request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("http://127.0.0.1:1/elsewhere")
