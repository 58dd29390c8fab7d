"""The door of the artists' page: who comes in, what is passed on, and what is published."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType
from door import Client, opened, origin, writing

from orchestrator.api.sign_in import LIFE, Sessions
from orchestrator.jobs.keys import ApiKeys

HOME = Path(__file__).parent.parent.parent


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


async def test_after_leaving_a_copy_of_the_cookie_opens_nothing(artist: Client) -> None:
    copied = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in artist.session.cookie_jar)}
    await artist.post("/comfy/logout", headers=origin(artist), allow_redirects=False)
    assert (await artist.get("/comfy/prompt", headers=copied)).status == 401


async def test_leaving_ends_no_other_session(artist: Client, keys: ApiKeys) -> None:
    other = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in artist.session.cookie_jar)}
    key = await keys.create("lea", artist=True)
    await artist.post("/comfy/login", data={"key": key}, headers=origin(artist))
    await artist.post("/comfy/logout", headers=origin(artist), allow_redirects=False)
    assert (await artist.get("/comfy/prompt", headers=other)).status == 200


async def test_an_open_websocket_ends_with_its_session(
    artist: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.api.artists.proxy.RECHECKED_EVERY", 0.05)
    async with artist.ws_connect("/comfy/ws?clientId=1", headers=origin(artist)) as socket:
        await artist.post("/comfy/logout", headers=origin(artist), allow_redirects=False)
        message = await socket.receive(timeout=5)
        assert message.type is WSMsgType.CLOSE


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


async def test_a_template_opens_with_sample_values(artist: Client) -> None:
    assert (await opened(artist))["samples"]["1"]["width"] == 1344


async def published(client: Client, text: str, *, name: str = "demo", over: str = "") -> Any:
    """The answer to publishing over this text; over nothing: a new template."""
    digest = hashlib.sha256(over.encode()).hexdigest()
    condition = {"If-Match": f'"{digest}"'} if over else {"If-None-Match": "*"}
    return await client.put(
        f"/comfy/imgen/templates/{name}",
        json={"text": text},
        headers=await writing(client) | condition,
    )


async def test_published_text_is_in_the_folder_and_the_former_in_the_history(
    artist: Client, workflows: Path
) -> None:
    former = (await opened(artist))["text"]
    text = former.replace('"{{ steps }}"', "30")
    assert (await published(artist, text, over=former)).status == 200
    assert (workflows / "templates" / "demo.json").read_text() == text
    kept = await (await artist.get("/comfy/imgen/templates/demo/history/1")).json()
    assert kept["text"] == former


async def test_faults_are_told_by_node_and_nothing_is_written(
    artist: Client, workflows: Path
) -> None:
    former = (await opened(artist))["text"]
    graph = json.loads(former)
    graph["1"]["inputs"]["stepz"] = 3
    answer = await published(artist, json.dumps(graph), over=former)
    [fault] = (await answer.json())["faults"]
    assert (answer.status, fault["node"], fault["input"]) == (422, "1", "stepz")
    assert (workflows / "templates" / "demo.json").read_text() == former


@pytest.mark.parametrize("text", ["no JSON", "[]", r'{"1": {"title": "\ud800"}}', "[" * 100_000])
async def test_what_is_no_graph_is_refused(artist: Client, workflows: Path, text: str) -> None:
    former = (await opened(artist))["text"]
    assert (await published(artist, text, over=former)).status == 400
    assert (workflows / "templates" / "demo.json").read_text() == former


async def test_nobody_publishes_over_what_another_has_published(
    artist: Client, workflows: Path
) -> None:
    former = (await opened(artist))["text"]
    theirs, ours = (former.replace('"{{ steps }}"', steps) for steps in ("30", "40"))
    await published(artist, theirs, over=former)
    assert (await published(artist, ours, over=former)).status == 412
    assert (workflows / "templates" / "demo.json").read_text() == theirs
    assert (await published(artist, ours, over=theirs)).status == 200


async def test_a_new_template_takes_no_name_that_is_taken(artist: Client, workflows: Path) -> None:
    text = (await opened(artist))["text"]
    assert (await published(artist, text, name="demo")).status == 412
    assert (await published(artist, text, name="fresh")).status == 200
    assert (workflows / "templates" / "fresh.json").read_text() == text


async def test_publishing_says_what_it_replaces(artist: Client) -> None:
    answer = await artist.put(
        "/comfy/imgen/templates/demo",
        json={"text": (await opened(artist))["text"]},
        headers=await writing(artist),
    )
    assert answer.status == 400


async def test_an_opened_template_says_where_its_nodes_come_from(
    artist: Client, workflows: Path
) -> None:
    source = HOME / "workflows" / "templates" / "sdxl_ip_adapter.json"
    (workflows / "templates" / "demo.json").write_bytes(source.read_bytes())
    assert "the node pack" in (await opened(artist))["origins"]["IPAdapterUnifiedLoader"]


async def test_publishing_needs_the_token_of_the_session(artist: Client) -> None:
    answer = await artist.put(
        "/comfy/imgen/templates/demo", json={"text": "{}"}, headers=origin(artist)
    )
    assert answer.status == 403
