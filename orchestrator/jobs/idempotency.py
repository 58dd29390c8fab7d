"""Answers that are kept by the name that the caller gave the request, so that a repetition of it
gets the same answer instead of a second job."""

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from orchestrator.edge_ports import Reservation
from orchestrator.errors import IdempotencyConflict, RequestUnderWay
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database

KEPT = timedelta(hours=24)
LONGEST_REQUEST = timedelta(seconds=40)  # one that takes longer has died with its process


class Idempotency:
    """The port Repetitions, in the database of the jobs."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def reserve(self, key_id: str, name: str, *, body: str) -> Reservation:
        """See `edge_ports.Repetitions`."""
        now = self._clock()
        reservation = {
            "key_id": key_id,
            "name": name,
            "body": body,
            "token": secrets.token_hex(16),
            "now": now,
            "expires": now + LONGEST_REQUEST.total_seconds(),
        }
        if rows := await self._database.write(statements.RESERVE, reservation):
            return Reservation(rows[0]["token"])
        return await self._earlier(key_id, name, body)

    async def _earlier(self, key_id: str, name: str, body: str) -> Reservation:
        rows = await self._database.read(statements.RESERVED, {"key_id": key_id, "name": name})
        if rows and rows[0]["body"] != body:
            raise IdempotencyConflict
        if not rows or rows[0]["job_id"] is None:
            raise RequestUnderWay
        return Reservation("", UUID(rows[0]["job_id"]))

    async def give_up(self, token: str) -> None:
        """See `edge_ports.Repetitions`."""
        await self._database.write(statements.UNRESERVE, {"token": token})


def binding(token: str, job_id: UUID, *, now: float) -> dict[str, object]:
    return {"token": token, "job_id": str(job_id), "expires": now + KEPT.total_seconds()}
