"""Cancelling, following and repeating jobs through the door of the API v2, on a real ledger."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer
from house import Instances, house_over
from twins import World

from orchestrator import reuse
from orchestrator.api.app import make_app
from orchestrator.errors import EnhancementFailed
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Progress

Body = dict[str, Any]
GENERATE = {"action": "generate", "prompt": "red coat"}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase(tmp_path / "jobs.db") as opened:
        yield opened


@pytest.fixture
def ledger(database: SqliteDatabase) -> JobLedger:
    return JobLedger(database)


@pytest.fixture
def has_room() -> bool:
    return True


class Door:
    """A client of the service with a key of its own."""

    def __init__(self, client: TestClient[Any, Any], secret: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {secret}"}

    async def post(self, body: Body, **headers: str) -> tuple[int, Body]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post("/api/v2", json=body, headers=self.headers | named) as answer:
            return answer.status, await answer.json()

    async def accepted(self) -> str:
        _, body = await self.post(GENERATE)
        return str(body["id"])


@pytest.fixture
def instances() -> Instances:
    return Instances()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def doors(
    world: World, database: SqliteDatabase, instances: Instances, has_room: bool
) -> AsyncIterator[list[Door]]:
    """Of two callers."""
    keys = ApiKeys(database)
    house = house_over(database, world, keys=keys, instances=instances, has_room=lambda: has_room)
    app = make_app(house, assets=[], largest_body=2**20)
    async with TestClient(TestServer(app)) as client:
        yield [Door(client, await keys.create(name)) for name in ("one", "other")]


@pytest.fixture
def door(doors: list[Door]) -> Door:
    return doors[0]


@pytest.mark.parametrize(
    "asked", [{"action": "optimize"}, {"action": "generate", "optimize": True}]
)
async def test_a_prompt_that_can_t_be_enhanced_is_refused_and_nothing_is_begun(
    asked: Body, world: World, door: Door, ledger: JobLedger
) -> None:
    world.crash_at, world.crash_with = "enhance", EnhancementFailed()
    answer = await door.post({"prompt": "red coat", **asked})
    assert answer == (502, {"error": "Enhancement failed"})
    assert sum((await ledger.counts()).values()) == 0


async def test_a_waiting_job_is_cancelled_and_stays_so(door: Door) -> None:
    job_id = await door.accepted()
    cancel = {"action": "cancel", "id": job_id}
    expected = (200, {"id": job_id, "status": "CANCELLED"})
    assert [await door.post(cancel) for _ in range(2)] == [expected, expected]


async def test_a_cancelled_job_says_so(door: Door) -> None:
    job_id = await door.accepted()
    await door.post({"action": "cancel", "id": job_id})
    _, body = await door.post({"action": "status", "id": job_id})
    assert body == {"status": "CANCELLED", "error": "Generation failed"}


async def test_nobody_cancels_the_job_of_another(doors: list[Door]) -> None:
    one, other = doors
    job_id = await one.accepted()
    refused = await other.post({"action": "cancel", "id": job_id})
    _, body = await one.post({"action": "status", "id": job_id})
    assert refused == (404, {"error": "Job not found"})
    assert body["status"] == "IN_QUEUE"


async def test_a_waiting_job_has_a_place(door: Door) -> None:
    await door.accepted()
    _, body = await door.post({"action": "status", "id": await door.accepted()})
    assert body == {"status": "IN_QUEUE", "position": 2}


async def test_a_repeated_request_gets_the_same_answer(door: Door) -> None:
    answers = [await door.post(GENERATE, Idempotency_Key="order 7") for _ in range(2)]
    assert answers[0][0] == 200
    assert answers[0] == answers[1]


async def test_another_body_is_refused(door: Door) -> None:
    await door.post(GENERATE, Idempotency_Key="order 7")
    refused = await door.post({**GENERATE, "seed": 1}, Idempotency_Key="order 7")
    assert refused == (409, {"error": "Idempotency key was used for another request"})


async def test_a_request_under_way_says_when_to_come_back(
    door: Door, database: SqliteDatabase
) -> None:
    await door.post(GENERATE, Idempotency_Key="order 7")
    await database.write("UPDATE idempotency SET job_id = NULL RETURNING token", {})
    async with door.client.post(
        "/api/v2", json=GENERATE, headers=door.headers | {"Idempotency-Key": "order 7"}
    ) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (409, "1")


async def test_a_refused_request_may_be_mended(door: Door) -> None:
    status, _ = await door.post({**GENERATE, "prompt": "@nobody"}, Idempotency_Key="order 7")
    mended, _ = await door.post(GENERATE, Idempotency_Key="order 7")
    assert (status, mended) == (400, 200)


async def test_a_name_may_not_be_endless(door: Door) -> None:
    refused = await door.post(GENERATE, Idempotency_Key="x" * 256)
    assert refused == (400, {"error": "Invalid field: Idempotency-Key"})


@pytest.mark.parametrize(("away", "marked"), [(300, False), (301, True)])
async def test_models_are_marked_when_they_can_not_be_drawn(
    door: Door, instances: Instances, away: int, marked: bool
) -> None:
    instances.away = timedelta(seconds=away)
    _, listed = await door.post({"action": "models"})
    assert {"available" in model for model in listed["models"].values()} == {marked}
    assert (await door.post(GENERATE))[0] == (502 if marked else 200)


async def test_a_repeated_hit_is_answered_the_same_when_it_has_expired(
    door: Door, world: World, ledger: JobLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.cached = await ledger.get(UUID((await door.accepted()).removeprefix("run_")))
    wanted = GENERATE | {"use_cache": True}
    first = await door.post(wanted, Idempotency_Key="order 7")
    monkeypatch.setattr(reuse, "LIFETIME", timedelta())
    assert await door.post(wanted, Idempotency_Key="order 7") == first
    shown = await door.post({"action": "status", "id": first[1]["id"]})
    assert shown == (404, {"error": "Cached result not found or expired"})


@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key", "X-API-Key"])
async def test_a_header_that_may_come_once_is_refused_twice(door: Door, name: str) -> None:
    twice = [(name, "one"), (name, "other")]
    rest = [pair for pair in door.headers.items() if pair[0] != name]
    async with door.client.post("/api/v2", json=GENERATE, headers=[*rest, *twice]) as answer:
        said = await answer.json()
    assert (answer.status, said) == (
        400,
        {"error": f"Invalid field: {name}: it was sent more than once"},
    )


async def test_events_tell_progress_and_the_end(door: Door, ledger: JobLedger) -> None:
    job_id = await door.accepted()
    seen: list[Body] = []
    async with (
        asyncio.timeout(10),
        door.client.get(f"/api/v2/events/{job_id}", headers=door.headers) as answer,
    ):
        async for line in answer.content:
            if not line.startswith(b"data: "):
                continue
            seen.append(json.loads(line.removeprefix(b"data: ")))
            if len(seen) == 1:
                job = await ledger.claim("worker", holds="")
                assert job
                await ledger.renew(job.evolve(progress=Progress(step=1, steps=2)))
            elif seen[-1].get("progress"):
                await ledger.cancel(job.id)
    assert [body["status"] for body in (seen[0], seen[-1])] == ["IN_QUEUE", "CANCELLED"]
    assert {"step": 1, "steps": 2, "node": ""} in [body.get("progress") for body in seen]


async def test_events_are_for_the_owner_only(doors: list[Door]) -> None:
    one, other = doors
    async with other.client.get(
        f"/api/v2/events/{await one.accepted()}", headers=other.headers
    ) as answer:
        assert (answer.status, await answer.json()) == (404, {"error": "Job not found"})


@pytest.mark.parametrize("has_room", [False])
async def test_a_full_disk_refuses_before_anything_is_accepted(
    door: Door, ledger: JobLedger
) -> None:
    assert await door.post(GENERATE) == (503, {"error": "Storage is full"})
    assert sum((await ledger.counts()).values()) == 0
