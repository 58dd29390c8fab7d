"""What benches share: a service in this process with a model of their own, and jobs for it."""

import asyncio
import base64
import contextlib
import io
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from PIL import Image
from rich.progress import Progress

from orchestrator.models import Brand, Caller, Request, Status
from orchestrator.pipeline import accept, offered
from orchestrator.settings import HOME, Settings
from orchestrator.wiring.engine import Core, opened

CALLER = Caller(key_id="bench", tier="internal")
MODEL = "bench"
ENDED = (Status.COMPLETED, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
ADDRESS = "http://127.0.0.1:1"  # nobody follows its links
LOOK = 0.05  # seconds between two looks at the counts


def logo() -> Brand:
    file = io.BytesIO()
    Image.new("RGBA", (400, 120), (200, 30, 30, 160)).save(file, "PNG")
    return Brand(image=base64.b64encode(file.getvalue()).decode())


def sampler(seconds: float, width: int = 1344, height: int = 768) -> dict[str, Any]:
    """The node that sleeps in place of a GPU."""
    size = {"width": width, "height": height}
    inputs = {"seconds": seconds, "seed": "{{ seed }}", **size}
    return {"class_type": "BenchSampler", "inputs": inputs}


def install_nodes(comfyui: Path) -> None:
    """Into the ComfyUI that is going to be started in the folder."""
    (comfyui / "custom_nodes").mkdir(parents=True)
    (comfyui / "custom_nodes" / "bench").symlink_to(Path(__file__).parent / "bench_nodes")


def write_model(workflows: Path, graph: dict[str, Any], *checkpoints: str) -> None:
    """Add the benches' template and its card to a copy of the workflows, or a card for each
    checkpoint."""
    if not workflows.exists():
        shutil.copytree(HOME / "workflows", workflows)
    (workflows / "templates" / f"{MODEL}.json").write_text(json.dumps(graph))
    card = {"label": "Bench", "template": MODEL, "default_style": "plain"}
    card["styles"] = {"plain": {"label": "Plain"}}
    for number, checkpoint in enumerate(checkpoints or ("",)):
        name = f"{MODEL}-{number}" if checkpoints else MODEL
        file = workflows / "models" / f"{name}.yaml"
        file.write_text(yaml.safe_dump({**card, "checkpoint": checkpoint}))


def settings_for(folder: Path, **changes: Any) -> Settings:
    """Workflows of the folder's own are served if there are any."""
    own = folder / "workflows"
    defaults = {
        "data_dir": folder / "data",
        "workflows_dir": own if own.exists() else HOME / "workflows",
        "compliance": {"accept_unreviewed": True},
        "limits": {"waiting": 1_000_000, "life": 24 * 3600},
    }
    return Settings(**(defaults | changes))


@asynccontextmanager
async def working(settings: Settings, *models: str) -> AsyncIterator[Core]:
    """The service without its door, at work, once it serves the models."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with opened(settings, ADDRESS) as core, at_work(core):
        async with asyncio.timeout(180):
            await until_served(core, set(models or (MODEL,)))
        yield core


@asynccontextmanager
async def at_work(core: Core) -> AsyncIterator[None]:
    work = asyncio.create_task(core.work(ready=lambda: None))
    try:
        yield
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def until_served(core: Core, models: set[str]) -> None:
    while not models <= offered(core.ports).models.keys():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(LOOK)


async def add_jobs(core: Core, requests: Sequence[Request]) -> None:
    for first in range(0, len(requests), 100):
        batch = requests[first : first + 100]
        await asyncio.gather(*(accept(one, CALLER, "v2", core.ports) for one in batch))


async def until_ended(core: Core, jobs: int, what: str) -> None:
    """With a bar; raises RuntimeError if any job did not end well."""
    with Progress() as bar:
        task = bar.add_task(what, total=jobs)
        while True:
            counts = await core.ledger.counts()
            ended = sum(counts[status] for status in ENDED)
            bar.update(task, completed=ended)
            if ended > counts[Status.COMPLETED]:
                raise RuntimeError(f"{what}: {dict(counts)}")
            if ended >= jobs:
                return
            await asyncio.sleep(LOOK)


def load() -> str:
    """What else the machine does: others' work makes every figure worse."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
