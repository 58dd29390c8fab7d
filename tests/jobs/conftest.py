"""Every implementation of the jobs' database, for the contract suites."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import postgres_server
import pytest
from jobs_samples import LEASE, Clock

from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.postgres import PostgresDatabase
from orchestrator.jobs.sqlite import SqliteDatabase

Open: TypeAlias = Callable[[], Database]


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    with postgres_server.running_or_skipped() as server:
        yield server


@pytest.fixture
def open_sqlite(tmp_path: Path) -> Open:
    return lambda: SqliteDatabase(tmp_path / "imgen.db")


@pytest.fixture
def open_postgres(postgres: postgres_server.Server) -> Open:
    url = postgres.new_database()
    return lambda: PostgresDatabase(url)


@pytest.fixture(params=["sqlite", "postgres"])
def connect(request: pytest.FixtureRequest) -> Open:
    """Another connection to the same database, as another process would have one."""
    opener: Open = request.getfixturevalue(f"open_{request.param}")
    return opener


@pytest.fixture
async def database(connect: Open) -> AsyncIterator[Database]:
    async with connect() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> JobLedger:
    return JobLedger(database, QueueLimits(lease=LEASE, waiting=100), clock=clock)
