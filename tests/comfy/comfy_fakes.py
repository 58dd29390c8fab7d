"""Pools with short limits on fake ComfyUIs, and runs in them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from comfy_samples import job, painting
from fake_comfyui import FakeComfyUI
from waiting import until

from orchestrator.comfy import Endpoint, External, Limits, Pool
from orchestrator.models import Artifact, Job, Progress

QUICK = Limits(
    run=1,
    wait=1,
    silence=0.1,
    deaf=0.05,
    stall=0.6,
    unreachable=0.3,
    withdrawal=1,
    results=0.3,
    answer=1,
    connect=0.5,
    probe=0.1,
    boot=1,
    longest_pause=0.2,
)


@asynccontextmanager
async def pool_on(
    *servers: FakeComfyUI, headers: Mapping[str, str] | None = None, **limits: float
) -> AsyncIterator[Pool]:
    specs = [
        External(f"fake {number}", Endpoint(server.url, headers or {}))
        for number, server in enumerate(servers)
    ]
    async with Pool(specs, pack_version="fake", limits=replace(QUICK, **limits)) as pool:
        yield pool


async def run(
    server: FakeComfyUI, one: Job | None = None, report: Callable[[Progress], None] = print
) -> tuple[Artifact, ...]:
    async with pool_on(server) as pool:
        return await run_in(pool, one or job(painting()), report)


async def run_in(
    pool: Pool, one: Job, report: Callable[[Progress], None] = print
) -> tuple[Artifact, ...]:
    slot = await pool.slot()
    async with slot.run(one, report=report) as artifacts:
        return tuple(artifacts)


@asynccontextmanager
async def run_on(
    server: FakeComfyUI, **limits: float
) -> AsyncIterator["asyncio.Task[tuple[Artifact, ...]]"]:
    """A run that is in the executor and stays there until `may_end`."""
    server.may_end.clear()
    async with pool_on(server, **limits) as pool:
        task = asyncio.create_task(run_in(pool, job(painting())))
        await until(lambda: server.running)
        yield task
        await asyncio.gather(task, return_exceptions=True)


def is_empty(server: FakeComfyUI) -> bool:
    return server.running is None and not server.pending
