"""One orchestrator, hundreds of simulated ComfyUIs in processes of their own, one SQLite file:
how fast it hands out work, how busy it keeps them, and what it costs."""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
from bench_fakes import counts, fakes
from bench_rig import ADDRESS, add_jobs, at_work, load, settings_for
from rich.progress import track

from orchestrator.models import Request
from orchestrator.wiring.engine import Core, opened

STEPS = 20
LOOK = 0.02  # seconds
PATIENCE = 300.0  # seconds until all instances are usable, or busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--instances", type=int, default=200)
    add("--seconds", type=float, default=10.0, help="that a run takes")
    add("--window", type=int, default=30, help="seconds that are measured")
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.instances, chosen.seconds, chosen.window))


async def measure(instances: int, seconds: float, window: int) -> None:
    options = ["--seconds", str(seconds), "--steps", str(STEPS)]
    jobs = 2 * instances + int(1.3 * instances * (window + 10) / seconds)
    with tempfile.TemporaryDirectory() as name:
        async with (
            fakes(instances, *options, processes=2) as urls,
            with_backlog(Path(name), urls, jobs) as core,
        ):
            began = time.monotonic()
            async with at_work(core), aiohttp.ClientSession() as session:
                await until(lambda: running(core) == 2 * instances)
                pace = 2 * instances / (time.monotonic() - began)
                print(f"jobs dispatched             {pace:7.0f}/s (target 100)")
                await observe(session, urls, window)


@asynccontextmanager
async def with_backlog(folder: Path, urls: list[str], jobs: int) -> AsyncIterator[Core]:
    """A service that is not at work yet, once all instances are usable."""
    limits = {"waiting": 10**6, "free_at_once": 10**6}
    settings = settings_for(folder, comfyui_urls=tuple(urls), limits=limits)
    settings.data_dir.mkdir()
    async with opened(settings, ADDRESS) as core:
        await add_jobs(core, [Request(prompt="red coat", seed=n) for n in range(jobs)])
        await until(lambda: all(status.usable for status in core.pool.status()))
        yield core


def running(core: Core) -> int:
    return sum(status.running for status in core.pool.status())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK)


async def observe(session: aiohttp.ClientSession, urls: list[str], window: int) -> None:
    process, most = psutil.Process(), 0
    before, cpu, began = await counts(session, urls), os.times(), time.monotonic()
    for _ in track(range(window), f"{len(urls)} instances"):
        await asyncio.sleep(1)
        most = max(most, process.memory_info().rss)
    after, wall = await counts(session, urls), time.monotonic() - began
    busy = sum(a["busy"] - b["busy"] for a, b in zip(after, before, strict=True))
    ended = sum(a["ended"] - b["ended"] for a, b in zip(after, before, strict=True))
    used = sum(os.times()[:2]) - sum(cpu[:2])
    print(f"instances busy              {busy / wall / len(urls):7.1%}   (target 95%)")
    print(f"runs ended                  {ended / wall:7.1f}/s")
    print(f"memory of the orchestrator  {most / 2**20:7.0f} MiB (target 400)")
    print(f"its processor time          {used / wall:7.0%} of a core; {load()}")


if __name__ == "__main__":
    main()
