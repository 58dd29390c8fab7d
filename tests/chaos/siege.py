"""Clients on one side, killers on the other."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random

from .clients import Clients
from .sites import Site

LIMIT = 1800  # seconds until the jobs that have not ended count as stuck


async def besiege(site: Site, jobs: int, rng: Random, *, told: Callable[[int], None]) -> Clients:
    """The clients, when all jobs have ended or the time is over."""
    clients = Clients(site.doors, site.key, told=told)
    killing = [asyncio.create_task(killer.run(rng)) for killer in site.killers]
    with suppress(TimeoutError):
        await asyncio.wait_for(clients.run(jobs), LIMIT)
    for task in killing:
        task.cancel()
    await asyncio.wait(killing)
    return clients
