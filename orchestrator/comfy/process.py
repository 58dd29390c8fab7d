"""A ComfyUI process that is ours: started, logged, measured, stopped, and never left behind."""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from orchestrator.comfy.endpoint import Endpoint
from orchestrator.comfy.limits import Limits
from orchestrator.errors import InstanceUnusable

log = logging.getLogger(__name__)

LONGEST_LOG = 16 * 2**20  # bytes
OLD_LOGS = 3
LAST_BREATH = 5.0  # seconds until a killed process is gone; longer: stuck in the kernel
SAME_MOMENT = 1.0  # seconds; start times of one process as read twice
SECRETS = ("IMGEN_", "AWS_")  # settings of ours that custom nodes have no business with
CONFUSING = ("COMFYUI_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Managed:
    """How to start a ComfyUI of our own."""

    name: str
    directory: Path  # its working directory: input, output, user, log
    launcher: Path  # comfyui/launch.py
    python: Path  # its interpreter
    models: Path
    pack: Path  # comfy_nodes/
    checkout: Path | None = None  # None: the packaged one
    port: int = 0  # 0: any free one
    arguments: tuple[str, ...] = ()  # more flags for ComfyUI


class ComfyProcess:
    def __init__(self, process: Process, spec: Managed, port: int) -> None:
        self.endpoint = Endpoint(f"http://127.0.0.1:{port}")
        self.log = log_of(spec)
        self.pid = process.pid
        self._process = process
        self.exited = asyncio.ensure_future(process.wait())

    @property
    def memory(self) -> int:
        """Resident bytes."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    @property
    def log_size(self) -> int:
        """Bytes; 0 if somebody has removed it."""
        try:
            return self.log.stat().st_size
        except FileNotFoundError:
            return 0

    async def stop(self, *, within: float) -> None:
        """Ask it to end, then make it and whatever it started; when cancelled, at once."""
        with suppress(ProcessLookupError):
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)  # one that is suspended would not notice
        try:
            await asyncio.wait([self.exited], timeout=within)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await asyncio.wait([self.exited], timeout=LAST_BREATH)
            if not self.exited.done():
                log.error("ComfyUI process %d could not be killed", self.pid)


@asynccontextmanager
async def started(spec: Managed, limits: Limits) -> AsyncIterator[ComfyProcess]:
    """Raises InstanceUnusable if it can't be started."""
    if not spec.python.exists():
        raise InstanceUnusable(
            detail=f"there is no ComfyUI environment ({spec.python}): run `make setup`, "
            "or set IMGEN_COMFYUI_PYTHON"
        )
    if spec.checkout is not None and not (spec.checkout / "main.py").exists():
        raise InstanceUnusable(detail=f"IMGEN_COMFYUI_PATH has no main.py: {spec.checkout}")
    spec.directory.mkdir(parents=True, exist_ok=True)
    record = spec.directory / "comfyui.pid"
    await asyncio.to_thread(end_orphan, record, within=limits.stop)
    process = await _spawn(spec, port=spec.port or _free_port())
    try:
        _record_identity(process.pid, record)
        yield process
    finally:
        await process.stop(within=limits.stop)
        record.unlink(missing_ok=True)


async def _spawn(spec: Managed, *, port: int) -> ComfyProcess:
    log_file = log_of(spec)
    await asyncio.to_thread(rotate, log_file)
    with log_file.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *launch_command(spec, port),
            env=child_environment(),
            stdin=asyncio.subprocess.PIPE,  # it ends when this is closed, as by our death
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    log.info("%s: started as process %d on port %d", spec.name, process.pid, port)
    return ComfyProcess(process, spec, port)


def launch_command(spec: Managed, port: int) -> list[str]:
    folders = {"directory": spec.directory, "models": spec.models, "pack": spec.pack}
    command = [str(spec.python.absolute()), str(spec.launcher.absolute())]
    command += ["--with-parent", "--port", str(port)]
    for name, folder in folders.items():
        command += [f"--{name}", str(folder.absolute())]
    if spec.checkout is not None:
        command += ["--checkout", str(spec.checkout.absolute())]
    return [*command, "--", *spec.arguments]


def child_environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith((*SECRETS, *CONFUSING))}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def log_of(spec: Managed) -> Path:
    return spec.directory / "comfyui.log"


def rotate(path: Path) -> None:
    """Put the log aside and empty it in place: the process that appends to it goes on."""
    if not path.exists() or not path.stat().st_size:
        return
    for number in range(OLD_LOGS, 1, -1):
        older = path.with_name(f"{path.name}.{number - 1}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def _record_identity(pid: int, record: Path) -> None:
    """Process numbers are used again; together with the start time it is this one."""
    with suppress(psutil.NoSuchProcess):
        identity = {"pid": pid, "started": psutil.Process(pid).create_time()}
        record.write_text(json.dumps(identity), encoding="utf-8")


def end_orphan(record: Path, *, within: float) -> None:
    """End the ComfyUI that a killed service left behind, if it is still the recorded one."""
    try:
        identity = json.loads(record.read_text(encoding="utf-8"))
        orphan = psutil.Process(identity["pid"])
        if abs(orphan.create_time() - identity["started"]) > SAME_MOMENT:
            return
        if str(record.parent.absolute()) not in orphan.cmdline():
            return
        family = [orphan, *orphan.children(recursive=True)]
    except (FileNotFoundError, psutil.Error, ValueError, KeyError, TypeError):
        return
    log.warning("ending ComfyUI process %d, left behind by a service that was killed", orphan.pid)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(family, timeout=within)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=within)
