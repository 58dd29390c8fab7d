"""Sessions that people have left before their time: for every process of a fleet, until they would
have ended by themselves."""

import time
from collections.abc import Callable

from orchestrator.jobs import fleet_statements as statements
from orchestrator.jobs.database import Database

TRUSTED_FOR = 0.5  # seconds that a session is taken from memory to go on
REMEMBERED = 1000  # sessions


class EndedSessions:
    """Another process may end the same session: it does so here within `TRUSTED_FOR`."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._alive: dict[str, float] = {}  # by name, when that was read

    async def end(self, name: str, *, expires: float) -> None:
        await self._database.write(statements.END_SESSION, {"name": name, "expires": expires})
        self._alive.pop(name, None)

    async def has_ended(self, name: str) -> bool:
        now = self._clock()
        if abs(now - self._alive.get(name, 0.0)) < TRUSTED_FOR:
            return False
        if await self._database.read(statements.ENDED_SESSION, {"name": name}):
            return True
        if len(self._alive) >= REMEMBERED:
            self._alive.clear()
        self._alive[name] = now
        return False
