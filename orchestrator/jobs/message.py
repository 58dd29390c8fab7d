"""Statements that PostgreSQL gets in one message and takes as one transaction.

Of a client that is frozen or gone it has the whole message or nothing, so that no lock waits for
the client. (Between the messages of a pipeline it would, without any time limit.)
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection

from orchestrator.jobs.database import NAMED, Parameters, Row

CHANNEL = "imgen"
TYPES: Mapping[type, str] = {bool: "bool", int: "int8", float: "float8"}  # others as the SQL needs
UNTOUCHED = re.compile(r'"step (\d+) touches no row"')

Part = tuple[str, Sequence[object]]  # with %s for each value


class Planner:
    """Has each connection plan a statement once: a claim takes longer to plan than to run."""

    def __init__(self) -> None:
        self._planned: WeakKeyDictionary[AsyncConnection[Row], set[str]] = WeakKeyDictionary()

    async def call(
        self, connection: AsyncConnection[Row], statement: str, values: Parameters
    ) -> Part:
        """What runs the statement with these values."""
        names = list(dict.fromkeys(NAMED.findall(statement)))
        types = [TYPES.get(type(values[name]), "unknown") for name in names]
        text, declared = _numbered(statement, names), _listed(types)
        plan = "imgen_" + hashlib.sha256(f"{declared} {text}".encode()).hexdigest()[:32]
        planned = self._planned.setdefault(connection, set())
        if plan not in planned:
            await connection.execute(f"PREPARE {plan}{declared} AS {text}".encode())
            planned.add(plan)
        call = f"EXECUTE {plan}{_listed(['%s'] * len(names))}"
        return call, [values[name] for name in names]


def required(statement: str, *, step: int) -> str:
    """The statement, which fails if it touches no row: within a message, only a failure takes back
    what was done before."""
    return f"""
WITH touched AS ({statement})
SELECT CAST(CASE WHEN count(*) > 0 THEN '1' ELSE 'step {step} touches no row' END AS int)
FROM touched
"""  # noqa: S608  no value is put in


def failed_step(error: psycopg.errors.InvalidTextRepresentation) -> int:
    """Which `required` statement has failed. Raises the error itself if none has."""
    found = UNTOUCHED.search(error.diag.message_primary or "")
    if found is None:
        raise error
    return int(found[1])


async def send(connection: AsyncConnection[Row], parts: Sequence[Part]) -> list[list[Row]]:
    """The rows of each part. All or none is done."""
    message = "; ".join(text for text, _ in parts).encode()
    async with AsyncClientCursor(connection, row_factory=connection.row_factory) as cursor:
        await cursor.execute(message, [value for _, values in parts for value in values])
        return [await result.fetchall() async for result in cursor.results()]


def queue_up(alone: str) -> list[Part]:
    """Held until the transaction ends. A statement of its own: the next one sees all before it."""
    return [("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"imgen {alone}"])] if alone else []


def notify(news: Sequence[str]) -> list[Part]:
    return [("SELECT pg_notify(%s, %s)", [CHANNEL, topic]) for topic in news]


def _numbered(statement: str, names: Sequence[str]) -> str:
    """`$1` for the first name."""
    return NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", statement)


def _listed(words: Sequence[str]) -> str:
    return f"({', '.join(words)})" if words else ""
