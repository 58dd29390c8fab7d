"""A service with the admin page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from house import Instances, house_over
from office import Office
from twins import World

from orchestrator.api.admin import Admin, Bounds
from orchestrator.api.app import Site, make_app
from orchestrator.api.sign_in import Gate, Sessions
from orchestrator.jobs.ended_sessions import EndedSessions
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.overview import Overviews
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Room


class Always(Overviews):
    """Looks each time that it is asked."""

    async def overview(self) -> object:
        return await self.look()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        keys, world, instances = ApiKeys(database), World(), Instances()
        house = house_over(database, world, keys=keys, instances=instances)
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
            yield Office(client, keys, JobLedger(database), world, instances.now)


@pytest.fixture
async def operator(office: Office) -> Office:
    """The same office, with an admin's session."""
    assert await office.sign_in(admin=True) == 303
    return office
