"""A service with the artists' door, before a stand-in for ComfyUI."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from door import Client, origin
from house import house_over
from twins import World

from orchestrator.api.app import Site, make_app
from orchestrator.api.artists import Desk, Studio
from orchestrator.api.sign_in import Gate, Sessions
from orchestrator.catalog import read_shelf
from orchestrator.jobs.ended_sessions import EndedSessions
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.published import PublishedFiles
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.wiring.audit import LiveAudit

HOME = Path(__file__).parent.parent.parent


OURS = [1, "ours", {}, {"imgen": {"job": "…"}}, []]
DRAFT = [2, "draft", {}, {}, []]


class Page:
    """Stands for ComfyUI and says what has reached it. A request runs on it."""

    listings: ClassVar = {
        "/queue": {"queue_running": [OURS], "queue_pending": [DRAFT]},
        "/history": {"ours": {"prompt": OURS}, "draft": {"prompt": DRAFT}},
        "/history/ours": {"ours": {"prompt": OURS}},
        "/jobs": {"jobs": [{"id": "ours"}, {"id": "draft"}]},
        "/jobs/ours": {"id": "ours"},
        "/jobs/draft": {"id": "draft"},
    }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/ws":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"heard {message.data}")
            return socket
        if (listing := self.listings.get(request.path)) and request.method == "GET":
            return web.json_response(listing)
        seen = {"headers": dict(request.headers), "body": await request.text()}
        return web.json_response(
            {"path": request.path_qs, **seen}, headers={"Set-Cookie": "theirs=1"}
        )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase(tmp_path / "jobs.db") as opened:
        yield opened


@pytest.fixture
def keys(database: SqliteDatabase) -> ApiKeys:
    return ApiKeys(database)


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
def world() -> World:
    return World()


@pytest.fixture
async def client(
    database: SqliteDatabase, keys: ApiKeys, workflows: Path, world: World
) -> AsyncIterator[Client]:
    house = house_over(database, world, keys=keys)
    upstream = web.Application()
    upstream.router.add_route("*", "/{path:.*}", Page().answer)
    async with TestServer(upstream) as comfyui:
        files = PublishedFiles(database, workflows, check=lambda *_: [])
        studio = Studio(
            desk=Desk(Offer(workflows), LiveAudit(), files),
            comfyui=lambda: str(comfyui.make_url("")),
        )
        gate = Gate(Sessions(b"secret"), keys, EndedSessions(database))
        site = Site(gate, studio)
        app = make_app(house, assets=[], largest_body=2**20, site=site)
        async with TestClient(TestServer(app)) as opened:
            yield opened


@pytest.fixture
async def artist(client: Client, keys: ApiKeys) -> Client:
    """The same client with a session."""
    key = await keys.create("mia", artist=True)
    answer = await client.post(
        "/comfy/login", data={"key": key}, headers=origin(client), allow_redirects=False
    )
    assert answer.status == 303
    return client
