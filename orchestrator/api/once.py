"""Requests with an `Idempotency-Key`: repeated ones get the answer of the first."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from orchestrator.api.door import House
from orchestrator.api.fields import Fields
from orchestrator.errors import ImgenError, InvalidField, JobNotFound
from orchestrator.models import Caller, Job

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
LONGEST = 255  # characters


def idempotency_key(request: web.Request) -> str:
    """Empty if there is none. Raises InvalidField."""
    name = request.headers.get(HEADER, "")
    if len(name) > LONGEST or not name.isprintable():
        raise InvalidField(HEADER)
    return name


async def once(
    name: str,
    fields: Fields,
    caller: Caller,
    house: House,
    accept: Callable[[str], Awaitable[Job]],
) -> Job:
    """The job that `accept` makes, given a reservation, or the one that it made the first time.
    Raises IdempotencyConflict, RequestUnderWay, and what `accept` raises."""
    if not name:
        return await accept("")
    reservation = await house.repetitions.reserve(caller.key_id, name, body=fields.digest)
    if reservation.job_id is not None:
        job_id, ports = reservation.job_id, house.ports
        earlier = await ports.ledger.get(job_id) or await ports.hits.get(job_id)
        if earlier is None:
            raise JobNotFound
        return earlier
    try:
        return await accept(reservation.token)
    except Exception:
        await _give_up(reservation.token, house)
        raise


async def _give_up(token: str, house: House) -> None:
    """If that fails too, the reservation ends with its time; why the request was refused counts
    more."""
    try:
        await house.repetitions.give_up(token)
    except ImgenError:
        log.exception("a refused request can't be repeated yet")
