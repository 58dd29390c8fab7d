"""URLs of callers lead to public addresses, or to what the operator allows, and nowhere else."""

import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import ClientConnectorError, ClientSession, web
from aiohttp.test_utils import TestServer

from orchestrator.outbound import Guard

PUBLIC = ["93.184.215.14", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:2800:21f::1", "2a00::1"]
FORBIDDEN = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert Guard().allows(address)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_forbidden(address: str) -> None:
    assert not Guard().allows(address)


def test_an_operator_may_allow_a_network() -> None:
    guard = Guard(allow=[ip_network("10.1.0.0/16")])
    assert (guard.allows("10.1.2.3"), guard.allows("10.2.0.1")) == (True, False)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?to=me",
        "http://example.com",
        "HTTPS://EXAMPLE.COM:443/",
        "http://example.com:8080/",
        "https://8.8.8.8/",
        "https://[2606:2800:21f::1]/",
        "https://bücher.example/",
    ],
)
def test_a_url_of_the_web_is_taken(url: str) -> None:
    assert Guard().fault(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///hook",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://:password@example.com/",
        "http://example.com:99999/",
        "http://example.com:22/",
        "http://example.com:0/",
        "http://exam ple.com/",
        "http://example.com/\r\nHost: other",
        "http://[::1/",
        "http://127.0.0.1/",
        "http://127.0.0.1:8188/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1./",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://inner.localhost:8080/",
        "http://１２７.0.0.1/",
    ],
)
def test_any_other_url_has_a_fault(url: str) -> None:
    assert Guard().fault(url) != ""


@pytest.mark.parametrize(
    "host",
    ["2130706433", "134744072", "127.1", "0x7f.1", "0X7F000001", "0177.0.0.1", "1.2.3.256", "a.0x"],
)
def test_a_host_is_a_name_or_a_whole_address(host: str) -> None:
    assert "neither a name nor a whole IP address" in Guard().fault(f"http://{host}/")


def test_an_operator_may_allow_this_machine_by_name() -> None:
    guard = Guard(allow=[ip_network("127.0.0.0/8"), ip_network("::1")])
    assert guard.fault("http://localhost:8080/") == ""


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="inside")

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://127.0.0.1:{request.url.port}/")

    app = web.Application()
    app.add_routes([web.get("/", answer), web.get("/away", away)])
    async with TestServer(app, host="127.0.0.1") as opened:
        yield opened


async def fetch(guard: Guard, url: str) -> str:
    async with ClientSession(connector=guard.connector()) as session, session.get(url) as response:
        return await response.text()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"]
)
async def test_no_spelling_of_a_private_address_can_be_connected_to(
    server: TestServer, host: str
) -> None:
    with pytest.raises((ClientConnectorError, ValueError)):
        await fetch(Guard(), f"http://{host}:{server.port}/")


async def test_what_is_allowed_can_be_connected_to(server: TestServer) -> None:
    guard = Guard(allow=[ip_network("127.0.0.0/8"), ip_network("::1")])
    assert await fetch(guard, f"http://localhost:{server.port}/") == "inside"


async def test_a_redirect_leads_no_further(server: TestServer) -> None:
    guard = Guard(allow=[ip_network("127.0.0.2")])
    async with TestServer(server.app, host="127.0.0.2") as outside:
        with pytest.raises(ClientConnectorError):
            await fetch(guard, f"http://127.0.0.2:{outside.port}/away")


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:10.0.0.1"], ["fd00::1", "2a00::1"]],
)
async def test_a_name_with_any_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in it else socket.AF_INET, 1, 6, "", (it, 80))
            for it in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ClientConnectorError, match="not public"):
        await fetch(Guard(), "http://rebinding.example/")


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"])
async def test_what_is_no_name_is_an_ordinary_failure(host: str) -> None:
    with pytest.raises((ClientConnectorError, ValueError)):
        await fetch(Guard(), f"http://{host}/")
