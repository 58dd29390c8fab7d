"""The HTTP server under attack, byte by byte: answers are JSON, waits and numbers are bounded."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_network

import pytest
from aiohttp import web

from orchestrator.api.door import errors_as_json, read_json
from orchestrator.api.server import Bounds, served
from orchestrator.api.streams import Streams
from orchestrator.errors import Unavailable

LOCAL = ip_network("127.0.0.0/8")
STREAMS = web.AppKey("streams", Streams)


async def take(request: web.Request) -> web.Response:
    return web.json_response({"digest": (await read_json(request, longest=1000)).digest})


async def break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begun")
    raise Unavailable


async def last(request: web.Request) -> web.StreamResponse:
    with request.app[STREAMS].one("key"):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        await asyncio.Event().wait()
    return response


class Door:
    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, data: bytes) -> bytes:
        """All that is answered until the server closes the connection."""
        reader, writer = await self.open()
        writer.write(data)
        try:
            async with asyncio.timeout(5):
                return await reader.read()
        finally:
            await close(writer)


async def close(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def door(**bounds: object) -> AsyncIterator[Door]:
    app = web.Application(middlewares=[errors_as_json], client_max_size=10_000)
    app.add_routes([web.post("/", take), web.get("/broken", break_off), web.get("/last", last)])
    app[STREAMS] = streams = Streams(2)

    async def end_streams(_: web.Application) -> None:
        streams.close()

    app.on_shutdown.append(end_streams)
    listener = socket.create_server(("127.0.0.1", 0))
    async with served(app, listener, Bounds(**bounds)):  # type: ignore[arg-type]
        yield Door(listener.getsockname()[1])


def error_in(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        HEAD + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
        HEAD + b"A: b\r\n" * 500 + b"\r\n",
        HEAD + b"Content-Length: x\r\n\r\n",
        HEAD + b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        HEAD + b"X:\0\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_as_json(data: bytes) -> None:
    async with door() as opened:
        assert error_in(await opened.send(data)) == (400, "Bad request")


async def test_a_broken_chunk_is_answered_as_json() -> None:
    async with door() as opened:
        answer = await opened.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
    assert error_in(answer)[0] == 400


async def test_what_a_client_expects_in_vain_is_answered_as_json() -> None:
    async with door() as opened:
        answer = await opened.send(HEAD + b"Expect: tea\r\nContent-Length: 2\r\n\r\n{}")
    assert error_in(answer) == (417, "Expectation Failed")


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    async with door() as opened:
        answer = await opened.send(b"PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert error_in(answer) == (405, "Method not allowed")
    assert b"\r\nAllow: POST\r\n" in answer


@pytest.mark.parametrize("begun", [b"", b"POST / HTTP/1.1\r\nHost:", HEAD])
async def test_a_head_has_to_come_in_time(begun: bytes) -> None:
    start = time.monotonic()
    async with door(head=timedelta(seconds=0.2)) as opened:
        assert await opened.send(begun) == b""
    assert time.monotonic() - start < 2


async def test_a_head_that_drips_has_to_come_in_time_too() -> None:
    async with door(head=timedelta(seconds=0.2)) as opened:
        reader, writer = await opened.open()

        async def drip() -> None:
            writer.write(HEAD + b"X: ")
            while True:
                writer.write(b"X")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        dripping.cancel()
        await close(writer)


async def test_others_are_served_while_slow_clients_hold_connections() -> None:
    async with door(head=timedelta(seconds=1)) as opened:
        held = [await opened.open() for _ in range(50)]
        for _, writer in held:
            writer.write(HEAD)
        assert b" 200 " in await opened.send(HEAD + b"Content-Length: 2\r\n\r\n{}")
        async with asyncio.timeout(3):
            assert [await reader.read() for reader, _ in held] == [b""] * 50
        await close(*(writer for _, writer in held))


async def test_connections_are_bounded() -> None:
    async with door(connections=2) as opened:
        held = [await opened.open() for _ in range(2)]
        assert error_in(await opened.send(b"")) == (503, "Too many connections")
        await close(*(writer for _, writer in held))


async def test_connections_of_one_address_are_bounded() -> None:
    async with door(of_one_address=1) as opened:
        _, writer = await opened.open()
        assert error_in(await opened.send(b"")) == (503, "Too many connections")
        await close(writer)


async def test_proxies_have_no_bound_of_their_own() -> None:
    async with door(of_one_address=1, trusted_proxies=(LOCAL,)) as opened:
        _, writer = await opened.open()
        assert error_in(await opened.send(HEAD + b"Content-Length: 0\r\n\r\n"))[0] == 400
        await close(writer)


async def test_a_closed_connection_makes_room() -> None:
    async with door(connections=1) as opened:
        for _ in range(3):
            assert error_in(await opened.send(HEAD + b"Content-Length: 0\r\n\r\n"))[0] == 400


async def test_an_answer_that_breaks_off_is_not_followed_by_another() -> None:
    async with door() as opened:
        answer = await opened.send(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(b"begun\r\n")  # no last chunk: the client knows that it is not whole


async def test_streams_of_one_key_are_bounded() -> None:
    ask = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with door() as opened:
        held = [await opened.open() for _ in range(2)]
        for reader, writer in held:
            writer.write(ask)
            await reader.readuntil(b"begun")
        assert error_in(await opened.send(ask))[0] == 429
        await close(*(writer for _, writer in held))


async def test_streams_end_at_once_when_the_service_does() -> None:
    async with door() as opened:
        reader, writer = await opened.open()
        writer.write(b"GET /last HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"begun")
        start = time.monotonic()
    assert (await reader.read()).endswith(b"0\r\n\r\n")
    assert time.monotonic() - start < 1
    await close(writer)
