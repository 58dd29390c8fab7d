"""Finds out whether a pooler between us and PostgreSQL lends its connections for one transaction
only. What a session keeps would be lost there, or meet somebody else: plans, limits, LISTEN."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

ROUNDS = 3  # others may use the pooler at the same time


class Connection(Protocol):
    """Of psycopg, as far as it matters here."""

    @property
    def info(self) -> Any: ...

    def transaction(self) -> AbstractAsyncContextManager[Any]: ...

    async def execute(self, query: Any) -> Any: ...


async def pools_transactions(one: Connection, other: Connection) -> bool:
    """Whether two connections to the same address have no process of the server for themselves."""
    if one.info.backend_pid == await _process(one):
        return False  # PostgreSQL itself; a pooler makes numbers up
    for _ in range(ROUNDS):
        first = await _process(one)
        async with other.transaction():
            second, again = await _process(other), await _process(one)
        if second == first or again != first:
            return True
    return False


async def _process(connection: Connection) -> int:
    """The number of the server's process at the other end."""
    row = await (await connection.execute("SELECT pg_backend_pid() AS process")).fetchone()
    return int(row["process"])
