"""Thousands of jobs in a row on the real ComfyUI: what grows, and what is left behind.

A node that takes 20 ms stands in for the GPU; `--jobs 10000` is the full distance. ComfyUI is
recycled three times on the way. The cache remembers few pictures, so that its index is full early:
until then it grows by 4.5 MiB with 1,000 pictures.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from bench_rig import (
    CALLER,
    ENDED,
    MODEL,
    install_nodes,
    load,
    sampler,
    settings_for,
    working,
    write_model,
)
from rich.progress import Progress

from orchestrator.models import Output, Request, Status
from orchestrator.pipeline import accept
from orchestrator.wiring.engine import Core

SECONDS, WIDTH, HEIGHT = 0.02, 512, 288
OUTPUT = {"class_type": "ImgenOutput", "inputs": {"image": ["1", 0]}}
LIVES = 4  # of ComfyUI
REMEMBERED = 1000  # pictures in the cache
WAITING = 50  # jobs that are kept in the queue
WARM = 0.2  # share of the jobs after which nothing should grow any more
LEFT_BEHIND = ("data/spool", "data/comfyui/output", "data/comfyui/temp", "data/comfyui/input")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=600)
    asyncio.run(measure(parser.parse_args().jobs))


async def measure(jobs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "workflows", {"1": sampler(SECONDS, WIDTH, HEIGHT), "2": OUTPUT})
        install_nodes(folder / "data" / "comfyui")
        limits = {"comfyui_runs": max(1, jobs // LIVES), "free_at_once": 1000}
        settings = settings_for(folder, limits=limits, cache={"entries": REMEMBERED})
        async with working(settings) as core:
            began = time.monotonic()
            samples = await worked_through(core, jobs)
            pace = jobs / (time.monotonic() - began)
        show(samples, pace)
        for place in LEFT_BEHIND:
            files = [file for file in (folder / place).rglob("*") if file.is_file()]
            print(f"files left in {place:<25} {len(files):6}")


async def worked_through(core: Core, jobs: int) -> list[tuple[int, int, int]]:
    """Every second: jobs that have ended, resident bytes of the service and of ComfyUI."""
    samples, added, ended = [], 0, 0
    with Progress() as bar:
        task = bar.add_task("jobs", total=jobs)
        while ended < jobs:
            counts = await core.ledger.counts()
            ended = sum(counts[status] for status in ENDED)
            if ended > counts[Status.COMPLETED]:
                raise RuntimeError(str(counts))
            wanted = min(jobs - added, WAITING - counts[Status.IN_QUEUE])
            for number in range(added, added + max(0, wanted)):
                await accept(request(number), CALLER, "v2", core.ports)
            added += max(0, wanted)
            bar.update(task, completed=ended)
            samples.append((ended, *resident()))
            await asyncio.sleep(1)
    return samples


def request(number: int) -> Request:
    output = Output(width=WIDTH, height=HEIGHT)
    return Request(prompt="red coat", seed=number, model=MODEL, output=output)


def resident() -> tuple[int, int]:
    ours = psutil.Process()
    return ours.memory_info().rss, sum(_sizes(ours.children(recursive=True)))


def _sizes(processes: list[psutil.Process]) -> Iterator[int]:
    for process in processes:
        try:
            yield process.memory_info().rss
        except psutil.NoSuchProcess:  # it is being recycled
            continue


def show(samples: list[tuple[int, int, int]], pace: float) -> None:
    jobs = samples[-1][0]
    warm = next(sample for sample in samples if sample[0] >= WARM * jobs)
    mib = 2**20
    print(f"{jobs} jobs, {pace:.1f}/s; {load()}")
    print(f"service, after {warm[0]} jobs and at the end   {warm[1] / mib:6.0f} "
          f"{samples[-1][1] / mib:6.0f} MiB")  # fmt: skip
    growth = (samples[-1][1] - warm[1]) / max(1, jobs - warm[0]) * 1000 / mib
    print(f"its growth over 1,000 jobs                {growth:6.1f} MiB")
    print(f"ComfyUI at its largest                    {max(s[2] for s in samples) / mib:6.0f} MiB")


if __name__ == "__main__":
    main()
