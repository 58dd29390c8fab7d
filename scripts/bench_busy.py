"""How busy a GPU is kept: the share of time that a sampler is at work while jobs wait.

A node that sleeps stands in for the GPU; all else is real: ComfyUI, every mark, review, signature
and storage. Beside it, in the same run, what ComfyUI reaches alone with a queue filled beforehand.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from bench_rig import (
    add_jobs,
    install_nodes,
    load,
    logo,
    sampler,
    settings_for,
    until_ended,
    working,
    write_model,
)
from rich.progress import Progress

from orchestrator.models import Request
from orchestrator.wiring.engine import Core

OUTPUT = {"class_type": "ImgenOutput", "inputs": {"image": ["1", 0]}}
STOCK = {"class_type": "BenchStockFinish", "inputs": {"image": ["1", 0]}}
SAVE = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "bench"}}
TARGETS = {1.0: 0.97, 0.25: 0.90}
POLL = 0.05  # seconds between two looks whether bare ComfyUI is done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=40, help="of ours, of 1 s; 2.5 times of 0.25 s")
    asyncio.run(measure(parser.parse_args().jobs))


async def measure(jobs: int) -> None:
    print("1344x768 JPEG, brand and invisible mark on; jobs x sampling / wall")
    for seconds, target in TARGETS.items():
        number = jobs if seconds == 1.0 else jobs * 5 // 2
        with tempfile.TemporaryDirectory() as folder:
            shares = await shares_of(Path(folder), seconds, number)
        ours, *others = shares.values()
        print(f"\nsampling {seconds} s, {number} jobs (target {target}; {load()})")
        for what, reached in shares.items():
            print(f"{what:<58} {reached:6.3f}")
        print(f"{'idle time of the GPU against the better of the two':<58} "
              f"{(1 - max(others)) / (1 - ours):6.1f} times less")  # fmt: skip


async def shares_of(folder: Path, seconds: float, jobs: int) -> dict[str, float]:
    write_model(folder / "workflows", {"1": sampler(seconds), "2": OUTPUT})
    comfyui = folder / "data" / "comfyui"
    install_nodes(comfyui)
    async with working(settings_for(folder)) as core:
        began, ended = await ours(core, jobs)
        reached = share(comfyui, seconds, since=began, until=ended)
        shares = {"Imgen: marked, reviewed, signed, stored": reached}
        url = core.pool.status()[0].url
        for what, node in (
            ("bare ComfyUI: stock watermark, PDQ and JPEG in the graph", STOCK),
            ("bare ComfyUI: SaveImage, no marks", SAVE),
        ):
            began, ended = await bare(url, sampler(seconds), node, jobs // 3)
            shares[what] = share(comfyui, seconds, since=began, until=ended)
    return shares


async def ours(core: Core, jobs: int) -> tuple[float, float]:
    """When all waited, and when all were completed."""
    brand = logo()
    requests = [Request(prompt="red coat", seed=n, brand=brand, model="bench") for n in range(jobs)]
    await add_jobs(core, requests)
    began = time.monotonic()
    await until_ended(core, jobs, "Imgen")
    return began, time.monotonic()


async def bare(
    url: str, sampling: dict[str, Any], node: dict[str, Any], jobs: int
) -> tuple[float, float]:
    """When all waited, and when the last run had ended."""
    async with aiohttp.ClientSession(url) as session:
        for number in range(jobs):
            inputs = {**sampling["inputs"], "seed": time.time_ns() + number}  # nothing is cached
            graph = {"1": {**sampling, "inputs": inputs}, "2": node}
            (await session.post("/prompt", json={"prompt": graph})).raise_for_status()
        began = time.monotonic()
        with Progress() as bar:
            task = bar.add_task(node["class_type"], total=jobs)
            while left := await remaining(session):
                bar.update(task, completed=jobs - left)
                await asyncio.sleep(POLL)
    return began, time.monotonic()


async def remaining(session: aiohttp.ClientSession) -> int:
    answer = await session.get("/prompt")
    return int((await answer.json())["exec_info"]["queue_remaining"])


def share(comfyui: Path, seconds: float, *, since: float, until: float) -> float:
    """From the first sampling that began with a full queue to the end of everything."""
    begun = [float(line) for line in (comfyui / "bench_samplings.txt").read_text().splitlines()]
    begun = [moment for moment in begun if since <= moment <= until]
    return len(begun) * seconds / (until - begun[0])


if __name__ == "__main__":
    main()
