"""The service dies before and after each call that leaves something behind; the job goes on.

The calls are those that a whole job was seen to make, so that a new step is covered by being there.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from .clients import Clients
from .processes import Process
from .sites import Site, on_fakes, running
from .verdict import Verdict, judge

MORTAL = [sys.executable, "-m", "tests.chaos.mortal"]
FIRST, LAST = "compliance.screen:1", "ledger.save"
LIMIT = 60  # seconds for one job, the death and the new start included


async def visit_points() -> bool:
    """Whether one job survived the death of the service at each point, with one picture."""
    points = await find_points()
    failed = []
    for point in track(points, "fault points"):
        with tempfile.TemporaryDirectory(prefix="imgen-chaos-") as folder:
            try:
                verdict = await die_at(point, Path(folder))
            except (AssertionError, TimeoutError) as error:
                failed.append(f"{point}: {error!r}")
            else:
                failed += [] if verdict.kept else [f"{point}: {verdict}"]
    Console().print(f"fault points: {len(points)}, {len(failed)} failed", *failed, sep="\n  ")
    return not failed


async def find_points() -> list[str]:
    with tempfile.TemporaryDirectory(prefix="imgen-chaos-") as name:
        folder = Path(name)
        async with mortal(folder, {"CHAOS_CALLS": str(folder / "calls")}) as (site, _):
            await order(site)
        calls = (folder / "calls").read_text().split()
    first = calls.index(FIRST)  # before it nobody has asked for anything
    last = len(calls) - calls[::-1].index(next(c for c in calls[::-1] if c.startswith(LAST)))
    return [f"{call}:{when}" for call in calls[first:last] for when in ("before", "after")]


async def die_at(point: str, folder: Path) -> Verdict:
    async with mortal(folder, {"CHAOS_POINT": point}) as (site, service):
        ordering = asyncio.create_task(order(site))
        async with asyncio.timeout(LIMIT):
            assert await service.running.wait() < 0, "it ended by itself"
            service.environment["CHAOS_POINT"] = ""
            await service.start()
            clients = await ordering
        return judge(1, clients.accepted, clients.ended, site.stored())


async def order(site: Site) -> Clients:
    clients = Clients(site.doors, site.key, told=lambda _: None)
    await clients.run(1)
    return clients


@asynccontextmanager
async def mortal(folder: Path, environment: dict[str, str]) -> AsyncIterator[tuple[Site, Process]]:
    site = on_fakes(folder)
    comfyui, service = site.processes
    service = replace(service, command=MORTAL, environment={**service.environment, **environment})
    async with running(replace(site, processes=[comfyui, service])) as started:
        yield started, service
