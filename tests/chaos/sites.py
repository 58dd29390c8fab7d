"""Where the jobs are run: which processes there are, and which of them may be killed how often."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.settings import HOME

from .killer import Killer
from .processes import Process, free_port

IMGEN = Path(sys.executable).with_name("imgen")
FAKES = 2  # ComfyUIs
RUN = 0.05  # seconds that a run takes on a fake one
OFTEN = (2.0, 5.0)  # seconds between two kills
SELDOM = (20.0, 30.0)  # of a real ComfyUI, which takes long to start and to paint


@dataclass(frozen=True)
class Site:
    processes: Sequence[Process]  # in the order of their start
    killers: Sequence[Killer]
    doors: Sequence[str]
    folder: Path

    @property
    def kills(self) -> dict[str, int]:
        return {process.name: process.kills for process in self.processes}

    def stored(self) -> Iterable[str]:
        """The names of all public pictures."""
        return (file.name for file in self.folder.glob("data/assets/[!.]*/*"))


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Site]:
    """Raises AssertionError if a process does not end in an orderly way."""
    try:
        for process in site.processes:
            await process.start()
        yield site
        for process in reversed(site.processes):
            await process.stop()
    finally:
        await asyncio.gather(*(process.kill(children=True) for process in site.processes))


def one_service(folder: Path, *, real: bool) -> Site:
    """`imgen serve` on SQLite."""
    comfyui, urls = real_comfyui(folder) if real else fake_comfyui(folder)
    port = free_port()
    environment = {
        "IMGEN_PORT": str(port),
        "IMGEN_DATA_DIR": str(folder / "data"),
        "IMGEN_COMFYUI_URLS": ",".join(urls),
        "IMGEN_WORKFLOWS_DIR": str(quick_workflows(folder)),
    }
    service = Process("serve", [IMGEN, "serve"], folder, environment)
    killers = [Killer([service], OFTEN), Killer([comfyui], SELDOM if real else OFTEN)]
    return Site([comfyui, service], killers, [f"http://127.0.0.1:{port}"], folder)


def fake_comfyui(folder: Path) -> tuple[Process, list[str]]:
    first = free_port(FAKES)
    command = [sys.executable, "-m", "tests.comfy.fake_comfyui", "--port", str(first)]
    command += ["--instances", str(FAKES), "--seconds", str(RUN)]
    urls = [f"http://127.0.0.1:{first + number}" for number in range(FAKES)]
    return Process("comfyui", command, folder), urls


def real_comfyui(folder: Path) -> tuple[Process, list[str]]:
    """Says `ready` with the help of a shell, which goes when ComfyUI does."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    wait = f"until curl -fso /dev/null {url}/imgen/version; do sleep 0.2; done; echo ready"
    command = ["sh", "-c", f"({wait}) & exec {IMGEN} comfyui start"]
    environment = {
        "IMGEN_COMFYUI_PORT": str(port),
        "IMGEN_DATA_DIR": str(folder / "gpu"),
    }
    return Process("comfyui", command, folder, environment), [url]


def quick_workflows(folder: Path) -> Path:
    """The shipped ones, but the demo painter takes three steps."""
    copy = folder / "workflows"
    shutil.copytree(HOME / "workflows", copy)
    card = copy / "models" / "demo.yaml"
    card.write_text(re.sub(r"steps: \d+", "steps: 3", card.read_text()))
    return copy
