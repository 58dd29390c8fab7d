"""Poolers between us and PostgreSQL: told apart by which process of the server answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from postgres_server import Server

from orchestrator.jobs.pooling import pools_transactions
from orchestrator.jobs.postgres import PostgresDatabase

MADE_UP = 4711


class Pooler:
    """Has processes of a server, and lends the one that came back last."""

    def __init__(self, *, whole_sessions: bool) -> None:
        self.free = [3, 2, 1]
        self.whole_sessions = whole_sessions


class Client:
    """A connection to a pooler."""

    def __init__(self, pooler: Pooler) -> None:
        self._pooler = pooler
        self._process: int | None = None
        self.info = SimpleNamespace(backend_pid=MADE_UP)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if self._process is None:
            self._process = self._pooler.free.pop()
        yield
        if not self._pooler.whole_sessions:
            self._pooler.free.append(self._process)
            self._process = None

    async def execute(self, query: Any) -> "Client":
        if self._process is None:
            async with self.transaction():
                self.row = {"process": self._process}
        else:
            self.row = {"process": self._process}
        return self

    async def fetchone(self) -> dict[str, int | None]:
        return self.row


@pytest.mark.parametrize("whole_sessions", [True, False])
async def test_a_pooler_of_transactions_is_told_from_one_of_sessions(whole_sessions: bool) -> None:
    pooler = Pooler(whole_sessions=whole_sessions)
    assert await pools_transactions(Client(pooler), Client(pooler)) is not whole_sessions


async def test_postgresql_itself_is_no_pooler(postgres: Server) -> None:
    async with PostgresDatabase(postgres.new_database()) as database:
        one, other = await database._connect(), await database._connect()
        async with one, other:
            assert not await pools_transactions(one, other)


async def test_every_connection_has_our_limits_beside_the_operators_options(
    postgres: Server,
) -> None:
    url = f"{postgres.new_database()}&options=-c%20work_mem%3D8MB"
    names = ("statement_timeout", "enable_seqscan", "work_mem")
    asked = f"SELECT name, setting FROM pg_settings WHERE name IN {names}"
    async with PostgresDatabase(url, time_limit=7) as database:
        found = {row["name"]: row["setting"] for row in await database.read(asked)}
    assert found == {"statement_timeout": "7000", "enable_seqscan": "off", "work_mem": "8192"}
