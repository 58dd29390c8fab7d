"""`GET /metrics` through a real application: who may see it, and what is told of requests."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp.test_utils import TestClient, TestServer
from house import house_over
from prometheus_client.parser import text_string_to_metric_families
from twins import World

from orchestrator.api.app import make_app
from orchestrator.api.metrics import make_metrics_app
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.metrics import Metrics


class Door(NamedTuple):
    client: TestClient[Any, Any]
    metrics: Metrics
    admin: dict[str, str]
    other: dict[str, str]

    async def requests(self) -> dict[tuple[str, str, str], float]:
        """By method, route and status."""
        async with self.client.get("/metrics", headers=self.admin) as answer:
            families = list(text_string_to_metric_families(await answer.text()))
        return {
            (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
            for family in families
            for sample in family.samples
            if sample.name == "imgen_http_request_seconds_count"
        }


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        ledger, keys = JobLedger(database), ApiKeys(database)
        house = house_over(database, World(), keys=keys)
        metrics = Metrics(backlog=ledger.backlog, instances=tuple)
        app = make_app(house, assets=[], largest_body=2**20, telemetry=metrics)
        admin, other = await keys.create("admin", admin=True), await keys.create("other")
        async with TestClient(TestServer(app)) as client:
            yield Door(client, metrics, _bearer(admin), _bearer(other))


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_prometheus_reads_the_queue_with_an_admin_key(door: Door) -> None:
    body = {"action": "generate", "prompt": "red coat"}
    await door.client.post("/api/v2", json=body, headers=door.other)
    async with door.client.get("/metrics", headers=door.admin) as answer:
        text = await answer.text()
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'imgen_jobs{status="IN_QUEUE"} 1.0' in text


async def test_others_see_no_metrics(door: Door) -> None:
    statuses = []
    for headers in ({}, door.other):
        async with door.client.get("/metrics", headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses == [401, 404]


async def test_requests_are_told_by_route(door: Door) -> None:
    await door.client.get("/api/v2/events/run_secret", headers=door.other)
    await door.client.get("/health")
    found = await door.requests()
    assert found["GET", "/health", "200"] == 1
    assert found["GET", "/api/v2/events/{id}", "404"] == 1


async def test_what_clients_make_up_is_no_label(door: Door) -> None:
    await door.client.get("/made/up/by/somebody")
    await door.client.request("PROPFIND", "/health")
    found = await door.requests()
    assert found == {("GET", "none", "404"): 1, ("other", "none", "405"): 1}


async def test_the_listener_of_this_machine_asks_for_no_key(door: Door) -> None:
    async with (
        TestClient(TestServer(make_metrics_app(door.metrics))) as client,
        client.get("/metrics") as answer,
    ):
        assert "imgen_database_up 1.0" in await answer.text()
