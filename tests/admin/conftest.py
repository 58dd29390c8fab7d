"""A service with the admin page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from office import Office
from twins import World

from orchestrator.api.admin import Admin, Bounds
from orchestrator.api.app import Site, make_app
from orchestrator.api.door import House
from orchestrator.api.limits import RateLimiter
from orchestrator.api.sign_in import Gate, Sessions
from orchestrator.jobs.ended_sessions import EndedSessions
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outlook import Outlook
from orchestrator.jobs.overview import Overviews
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import InstanceStatus, Room
from orchestrator.outbound import Guard


class Instances:
    def __init__(self) -> None:
        self.now: list[InstanceStatus] = []

    def outage(self) -> timedelta:
        return timedelta()

    def status(self) -> list[InstanceStatus]:
        return self.now


class Always(Overviews):
    """Looks each time that it is asked."""

    async def overview(self) -> object:
        await self._look()
        return self._seen


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        ledger, keys, world, instances = (
            JobLedger(database),
            ApiKeys(database),
            World(),
            Instances(),
        )
        house = House(
            ports=replace(world.ports, ledger=ledger, queue=ledger),
            keys=keys,
            repetitions=Idempotency(database),
            outlook=Outlook(database),
            guard=Guard(),
            instances=instances,
            rates={},
            strangers=RateLimiter(60),
            trusted_proxies=(),
            link_lifetime=timedelta(hours=1),
            longest_outage=timedelta(minutes=5),
            has_room=lambda: True,
            longest_prompt=4000,
        )
        admin = Admin(
            jobs=Always(database),
            keys=keys,
            bounds={"free": Bounds(rate=60, at_once=2)},
            storage="the folder here",
            rooms=lambda: [Room(folder="here", free=3 << 30, least=1)],
        )
        gate = Gate(Sessions(b"secret"), keys, EndedSessions(database))
        app = make_app(house, assets=[], largest_body=2**20, site=Site(gate, admin=admin))
        async with TestClient(TestServer(app)) as client:
            yield Office(client, keys, ledger, world, instances.now)


@pytest.fixture
async def operator(office: Office) -> Office:
    """The same office, with an admin's session."""
    assert await office.sign_in(admin=True) == 303
    return office
