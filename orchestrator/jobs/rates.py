"""Rates that hold over all processes: token buckets in the database."""

import time
from collections.abc import Callable

from orchestrator.errors import RateLimited
from orchestrator.jobs import fleet_statements as statements
from orchestrator.jobs.database import Database

MINUTE = 60.0  # seconds


class SharedRate:
    """The port Rate: `rate` requests a minute, a whole minute's worth at once if need be."""

    def __init__(
        self,
        database: Database,
        kind: str,
        rate: int,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Buckets of different kinds are different, whoever's they are."""
        self._database = database
        self._kind = kind
        self._one = MINUTE / rate  # seconds until the next token
        self._clock = clock

    async def take(self, name: str) -> None:
        """See `edge_ports.Rate`."""
        taking = {
            "name": f"{self._kind} {name}",
            "now": self._clock(),
            "one": self._one,
            "burst": MINUTE + self._one * 1e-6,  # rounding must not cost a token
        }
        if not await self._database.write(statements.TAKE_ONE, taking):
            raise RateLimited(retry_after=self._one)
