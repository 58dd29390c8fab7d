"""Where the jobs are run: which processes there are, and which of them may be killed how often."""

import asyncio
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.settings import HOME
from scripts.s3_server import BUCKET, S3Server

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
    storage: Path

    @property
    def kills(self) -> dict[str, int]:
        return {v.name: v.kills for killer in self.killers for v in killer.victims}

    @property
    def key(self) -> str:
        return (self.folder / "data" / "admin.key").read_text().strip()

    def stored(self) -> dict[str, list[str]]:
        """The names of all files by prefix; what a kill has left unfinished is hidden."""
        return {prefix: _files(self.storage / prefix) for prefix in ("assets", "spool")}


def _files(folder: Path) -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [file.name for file in files if not any(part.startswith(".") for part in file.parts)]


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


def on_fakes(folder: Path) -> Site:
    """`imgen serve` on SQLite, with two fake ComfyUIs."""
    return one_service(folder, *fake_comfyui(folder), pause=OFTEN)


def on_comfyui(folder: Path) -> Site:
    """The same with a real ComfyUI."""
    return one_service(folder, *real_comfyui(folder), pause=SELDOM)


def on_s3(folder: Path) -> Site:
    """The same with fake ComfyUIs and a real S3 server, which is killed too."""
    server = S3Server(folder)
    server.bucket.mkdir(parents=True)
    command = announced(server.command, f"{server.url}/{BUCKET}")
    s3 = Process("s3", command, folder, server.environment)
    site = one_service(folder, *fake_comfyui(folder), pause=OFTEN)
    site.processes[-1].environment.update(server.settings)
    return replace(
        site,
        processes=[s3, *site.processes],
        killers=[*site.killers, Killer([s3], OFTEN)],
        storage=server.bucket,
    )


def one_service(
    folder: Path, comfyui: Process, urls: list[str], *, pause: tuple[float, float]
) -> Site:
    port = free_port()
    environment = {
        "IMGEN_PORT": str(port),
        "IMGEN_DATA_DIR": str(folder / "data"),
        "IMGEN_COMFYUI_URLS": ",".join(urls),
        "IMGEN_WORKFLOWS_DIR": str(quick_workflows(folder)),
    }
    service = Process("serve", [IMGEN, "serve"], folder, environment)
    killers = [Killer([service], OFTEN), Killer([comfyui], pause)]
    door = f"http://127.0.0.1:{port}"
    return Site([comfyui, service], killers, [door], folder, storage=folder / "data")


def fake_comfyui(folder: Path) -> tuple[Process, list[str]]:
    first = free_port(FAKES)
    command = [sys.executable, "-m", "tests.comfy.fake_comfyui", "--port", str(first)]
    command += ["--instances", str(FAKES), "--seconds", str(RUN)]
    urls = [f"http://127.0.0.1:{first + number}" for number in range(FAKES)]
    return Process("comfyui", command, folder), urls


def real_comfyui(folder: Path) -> tuple[Process, list[str]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"IMGEN_COMFYUI_PORT": str(port), "IMGEN_DATA_DIR": str(folder / "gpu")}
    command = announced([IMGEN, "comfyui", "start"], f"{url}/imgen/version")
    return Process("comfyui", command, folder, environment), [url]


def announced(command: Sequence[str | Path], url: str) -> list[str]:
    """The command in a shell that says `ready` when there is any answer at the URL."""
    wait = f"until curl -so /dev/null {url}; do sleep 0.1; done; echo ready"
    return ["sh", "-c", f"({wait}) & exec {shlex.join(map(str, command))}"]


def quick_workflows(folder: Path) -> Path:
    """The shipped ones, but the demo painter takes three steps."""
    copy = folder / "workflows"
    shutil.copytree(HOME / "workflows", copy)
    card = copy / "models" / "demo.yaml"
    card.write_text(re.sub(r"steps: \d+", "steps: 3", card.read_text()))
    return copy
