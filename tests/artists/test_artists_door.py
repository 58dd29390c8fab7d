"""The door of the artists' page: who comes in, what is passed on, and what is published."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from twins import World

from orchestrator.api.app import make_app
from orchestrator.api.artists import Desk, Sessions, Studio
from orchestrator.api.artists.session import LIFE
from orchestrator.api.door import House
from orchestrator.api.limits import RateLimiter
from orchestrator.catalog import read_shelf
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.outlook import Outlook
from orchestrator.jobs.published import PublishedFiles
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.outbound import Guard
from orchestrator.wiring import LiveAudit

HOME = Path(__file__).parent.parent.parent
Client = TestClient[Any, Any]


class Page:
    """Stands for ComfyUI and says what has reached it."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/ws":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"heard {message.data}")
            return socket
        seen = {"headers": dict(request.headers), "body": await request.text()}
        return web.json_response(
            {"path": request.path_qs, **seen}, headers={"Set-Cookie": "theirs=1"}
        )


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[ApiKeys]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        yield ApiKeys(database)


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    (folder / "templates").mkdir(parents=True)
    source = HOME / "workflows" / "templates" / "demo.json"
    (folder / "templates" / "demo.json").write_bytes(source.read_bytes())
    return folder


class Offer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shelf(self) -> Any:
        return read_shelf(self.folder, self.folder)


@pytest.fixture
async def client(keys: ApiKeys, workflows: Path) -> AsyncIterator[Client]:
    database = keys._database
    house = House(
        ports=World().ports,
        keys=keys,
        repetitions=Idempotency(database),
        outlook=Outlook(database),
        guard=Guard(),
        instances=None,  # type: ignore[arg-type]  not asked
        rates={},
        strangers=RateLimiter(60),
        trusted_proxies=(),
        link_lifetime=timedelta(hours=1),
        longest_outage=timedelta(minutes=5),
        has_room=lambda: True,
        longest_prompt=4000,
    )
    upstream = web.Application()
    upstream.router.add_route("*", "/{path:.*}", Page().answer)
    async with TestServer(upstream) as comfyui:
        files = PublishedFiles(database, workflows, check=lambda *_: [])
        studio = Studio(
            desk=Desk(Offer(workflows), LiveAudit(), files),
            sessions=Sessions(b"secret"),
            keys=keys,
            comfyui=lambda: str(comfyui.make_url("")),
        )
        app = make_app(house, assets=[], largest_body=2**20, studio=studio)
        async with TestClient(TestServer(app)) as opened:
            yield opened


def origin(client: Client) -> dict[str, str]:
    return {"Origin": str(client.make_url("")).rstrip("/")}


@pytest.fixture
async def artist(client: Client, keys: ApiKeys) -> Client:
    """The same client with a session."""
    key = await keys.create("mia", artist=True)
    answer = await client.post(
        "/comfy/login", data={"key": key}, headers=origin(client), allow_redirects=False
    )
    assert answer.status == 303
    return client


async def writing(client: Client) -> dict[str, str]:
    answer = await client.get("/comfy/imgen/session")
    return origin(client) | {"X-CSRF-Token": (await answer.json())["token"]}


async def test_without_a_session_the_page_leads_to_the_login(client: Client) -> None:
    answer = await client.get("/comfy/", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/comfy/login")


@pytest.mark.parametrize("path", ["/comfy/prompt", "/comfy/ws", "/comfy/imgen/templates"])
async def test_without_a_session_nothing_is_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 401


async def test_a_key_of_a_caller_opens_no_session(client: Client, keys: ApiKeys) -> None:
    key = await keys.create("caller")
    answer = await client.post("/comfy/login", data={"key": key}, headers=origin(client))
    assert answer.status == 401


async def test_another_site_opens_no_session(client: Client, keys: ApiKeys) -> None:
    key = await keys.create("mia", artist=True)
    answer = await client.post(
        "/comfy/login", data={"key": key}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status == 403


async def test_a_disabled_key_ends_its_sessions(artist: Client, keys: ApiKeys) -> None:
    await keys.disable("mia")
    assert (await artist.get("/comfy/prompt")).status == 401


def test_a_session_ends() -> None:
    now = [0.0]
    sessions = Sessions(b"secret", clock=lambda: now[0])
    cookie = sessions.cookie(sessions.open("key"))
    now[0] = LIFE.total_seconds() - 1
    assert sessions.read(cookie)
    now[0] += 1
    assert sessions.read(cookie) is None


@pytest.mark.parametrize(
    "forge", [str.swapcase, lambda c: c[:-1], lambda c: "other" + c, lambda _: "a.9.b.c.d"]
)
def test_a_forged_cookie_is_nobodys(forge: Callable[[str], str]) -> None:
    sessions = Sessions(b"secret")
    assert sessions.read(forge(sessions.cookie(sessions.open("key")))) is None


async def test_our_cookie_and_key_do_not_reach_comfyui(artist: Client) -> None:
    answer = await artist.get("/comfy/prompt", headers={"Authorization": "Bearer secret"})
    seen = {name.lower() for name in (await answer.json())["headers"]}
    assert not seen & {"cookie", "authorization", "origin"}


async def test_cookies_of_comfyui_do_not_reach_the_page(artist: Client) -> None:
    assert "Set-Cookie" not in (await artist.get("/comfy/prompt")).headers


async def test_path_and_query_are_passed_on(artist: Client) -> None:
    answer = await artist.get("/comfy/view?filename=a%20b.png&type=temp")
    assert (await answer.json())["path"] == "/view?filename=a+b.png&type=temp"


@pytest.mark.parametrize(
    "path", ["imgen/results/a/1", "imgen/inputs/a", "internal/logs", "manager/reboot", "api/v1/x"]
)
async def test_what_the_page_does_not_need_is_not_there(artist: Client, path: str) -> None:
    assert (await artist.get(f"/comfy/{path}")).status == 404


async def test_writes_of_another_site_are_refused(artist: Client) -> None:
    refused = await artist.post(
        "/comfy/prompt", json={}, headers={"Origin": "https://evil.example"}
    )
    passed = await artist.post("/comfy/prompt", json={}, headers=origin(artist))
    assert (refused.status, passed.status) == (403, 200)


async def test_the_websocket_is_relayed_both_ways(artist: Client) -> None:
    async with artist.ws_connect("/comfy/ws?clientId=1", headers=origin(artist)) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=5) == "heard hello"


async def test_the_websocket_is_for_our_page_only(artist: Client) -> None:
    answer = await artist.get("/comfy/ws", headers={"Origin": "https://evil.example"})
    assert answer.status == 403


async def opened(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = await (await client.get("/comfy/imgen/templates/demo")).json()
    return found


async def test_a_template_opens_with_sample_values(artist: Client) -> None:
    assert (await opened(artist))["samples"]["1"]["width"] == 1344


async def test_published_text_is_in_the_folder_and_the_former_in_the_history(
    artist: Client, workflows: Path
) -> None:
    former = (await opened(artist))["text"]
    text = former.replace('"{{ steps }}"', "30")
    answer = await artist.put(
        "/comfy/imgen/templates/demo", json={"text": text}, headers=await writing(artist)
    )
    assert answer.status == 200
    assert (workflows / "templates" / "demo.json").read_text() == text
    kept = await (await artist.get("/comfy/imgen/templates/demo/history/1")).json()
    assert kept["text"] == former


async def test_faults_are_told_by_node_and_nothing_is_written(
    artist: Client, workflows: Path
) -> None:
    former = (await opened(artist))["text"]
    graph = json.loads(former)
    graph["1"]["inputs"]["stepz"] = 3
    answer = await artist.put(
        "/comfy/imgen/templates/demo",
        json={"text": json.dumps(graph)},
        headers=await writing(artist),
    )
    [fault] = (await answer.json())["faults"]
    assert (answer.status, fault["node"], fault["input"]) == (422, "1", "stepz")
    assert (workflows / "templates" / "demo.json").read_text() == former


async def test_publishing_needs_the_token_of_the_session(artist: Client) -> None:
    answer = await artist.put(
        "/comfy/imgen/templates/demo", json={"text": "{}"}, headers=origin(artist)
    )
    assert answer.status == 403
