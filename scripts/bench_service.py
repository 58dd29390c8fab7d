"""How long a picture takes from the end of its run until a client can see it, on the real thing.

Beside it, in the same run: what ComfyUI alone needs for the same picture with its own SaveImage.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from socket import create_server
from typing import Any
from uuid import uuid4

import aiohttp
from rich.progress import track
from websockets.asyncio.client import ClientConnection, connect

from orchestrator.catalog import read_shelf
from orchestrator.cli.client import Client
from orchestrator.settings import HOME
from orchestrator.workflows import SAMPLE, Finish, build

IMGEN = Path(sys.executable).with_name("imgen")
POLL = 0.004  # seconds between two looks at the status
PROMPT = "@aya red coat, snowy street, warm lighting, -umbrella"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=15)
    asyncio.run(measure(parser.parse_args().jobs))


async def measure(jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder, service(Path(folder)) as (url, key, comfyui):
        async with Client(url, key, poll=POLL) as client, listening(comfyui) as events:
            await one_job(client, events)  # warm-up
            ours = [await one_job(client, events) for _ in track(range(jobs), "Imgen")]
            bare = [await one_run(comfyui, events) for _ in track(range(jobs), "bare ComfyUI")]
    show(ours, bare)


def show(ours: list[dict[str, float]], bare: list[float]) -> None:
    print(
        f"\n1344x768 JPEG, every mark on, {len(ours)} jobs one after the other; median (worst), ms"
    )
    rows = {name: [job[name] for job in ours] for name in ours[0]}
    rows["bare ComfyUI, submit to end, with SaveImage"] = bare
    for name, figures in rows.items():
        print(f"{name:<46} {statistics.median(figures):8.0f} ({max(figures):.0f})")


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Its address, a key, and the address of its ComfyUI."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "IMGEN_PORT": "0",
        "IMGEN_DATA_DIR": str(folder),
        "IMGEN_COMFYUI_PORT": str(port),
    }
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [IMGEN, "serve"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready "):
            sys.exit((folder / "serve.log").read_text()[-2000:])
        key = (folder / "admin.key").read_text().strip()
        yield line.removeprefix("ready ").strip(), key, f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


@asynccontextmanager
async def listening(comfyui: str) -> AsyncIterator[ClientConnection]:
    """ComfyUI tells everybody how many runs are left."""
    async with connect(f"ws://{comfyui}/ws?clientId={uuid4().hex}", max_size=None) as events:
        yield events


async def run_ends(events: ClientConnection) -> float:
    """When no run is left, after at least one was there."""
    seen = False
    async for message in events:
        event = json.loads(message) if isinstance(message, str) else {}
        if event.get("type") == "status":
            left = event["data"]["status"]["exec_info"]["queue_remaining"]
            if seen and not left:
                return time.perf_counter()
            seen = seen or left > 0
    raise AssertionError("ComfyUI has gone")


async def one_job(client: Client, events: ClientConnection) -> dict[str, float]:
    end = asyncio.create_task(run_ends(events))
    asked = time.perf_counter()
    job = await client.call("generate", prompt=PROMPT)
    answered = time.perf_counter()
    async for _ in client.follow(job):
        pass
    visible = time.perf_counter()
    ended = await end
    return {
        "generate, request to answer": 1000 * (answered - asked),
        "end of the run to COMPLETED visible": 1000 * (visible - ended),
        "request to COMPLETED visible": 1000 * (visible - asked),
    }


async def one_run(comfyui: str, events: ClientConnection) -> float:
    graph = bare_graph()
    started = time.perf_counter()
    end = asyncio.create_task(run_ends(events))
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"http://{comfyui}/prompt", json={"prompt": graph})
        answer.raise_for_status()
    return 1000 * (await end - started)


def bare_graph() -> dict[str, Any]:
    """What we submit, with ComfyUI's own SaveImage in the place of all that we add."""
    template = read_shelf(HOME / "workflows", HOME / "comfyui" / "models").templates["demo"]
    bindings = SAMPLE.evolve(seed=uuid4().int % 2**32, loras=())
    graph = build(template, bindings, finish=Finish(payload="0" * 24))
    for node in graph.values():
        if node["class_type"] == "ImgenFinish":
            node["inputs"] = {"images": node["inputs"]["image"], "filename_prefix": "bench"}
            node["class_type"] = "SaveImage"
    return graph


if __name__ == "__main__":
    main()
