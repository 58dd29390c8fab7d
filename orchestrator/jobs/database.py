"""What the ledger and the keys need of a database, whichever it is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

from orchestrator.jobs.news import News

Row = dict[str, Any]
Parameters = Mapping[str, Any]
Step = tuple[str, Parameters]  # a statement with `:name` for each parameter
NAMED = re.compile(r"(?<!:):([a-z_0-9]+)")  # and not `::`


class Database(Protocol):
    """Open it with `async with`. Other processes may use the same database at the same time.

    `alone` names a queue: of the writes that name the same one, in all processes, each sees what
    the one before has written. `news` are topics that are told when the write is durable.
    """

    news: News
    shared: bool  # other processes may work on the same jobs
    skip_locked: str  # after SELECT: leave out what somebody else is writing

    async def __aenter__(self) -> Self:
        """Raises ConfigurationError if it can't be used or is newer than this code."""

    async def __aexit__(self, *_: object) -> None: ...

    async def read(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """Sees everything that was written before. Raises Unavailable."""

    async def write(
        self, sql: str, *parameters: Parameters, alone: str = "", news: Sequence[str] = ()
    ) -> list[Row]:
        """Run the statement for each set of parameters, all in one transaction that is durable
        when this returns. Raises StorageFull, Unavailable."""

    async def write_all(self, *steps: Step, alone: str = "", news: Sequence[str] = ()) -> int:
        """As `write`, for several statements: how many of them, in order, touched a row. If one
        touches none, nothing is written."""

    async def tell(self, news: Sequence[str]) -> None:
        """News of what earlier writes turned out to have done. Raises Unavailable."""


def version_fault(version: int, known: int) -> str:
    return (
        f"its schema has version {version}, this Imgen knows up to {known};"
        " start the newer Imgen or restore a backup"
    )
