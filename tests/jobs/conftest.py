"""Every implementation of the jobs' database, for the contract suites."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from jobs_samples import IMPLEMENTATIONS, LEASE, Clock

from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase

Open: TypeAlias = Callable[[], SqliteDatabase]


@pytest.fixture(params=IMPLEMENTATIONS)
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Another connection to the same database, as another process would have one."""
    return lambda: IMPLEMENTATIONS[request.param](tmp_path)


@pytest.fixture
async def database(connect: Open) -> AsyncIterator[SqliteDatabase]:
    async with connect() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: SqliteDatabase, clock: Clock) -> JobLedger:
    return JobLedger(database, clock=clock, lease=LEASE, queue_limit=100)
