"""Makes the two environments: `.venv` for the service and `comfyui/.venv` for ComfyUI.

Standard library only, because nothing is installed yet. An environment is good if its stamp is:
the stamp goes before anything is changed and comes back when the result has been proved.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

# Before anything that an old Python can't read. The packaged ComfyUI refuses 3.13.
if not (3, 11) <= sys.version_info[:2] <= (3, 12):
    sys.exit(
        f"make setup: Python 3.11 or 3.12 is needed, this is {sys.version.split()[0]}.\n"
        "To name one: make setup PYTHON=/path/to/python3.11"
    )

ROOT = Path(__file__).resolve().parent.parent
GIB = 2**30  # bytes
TORCH_INDEX = os.environ.get("IMGEN_TORCH_INDEX", "")

# Prints every installed distribution; fails if a module that must be there is not.
INSPECT = """
import importlib.metadata as metadata, importlib.util, json, sys
json.dump([f"{found.name}=={found.version}" for found in metadata.distributions()], sys.stdout)
sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))
"""


class SetupError(Exception):
    """Something that a person has to put right."""


class State(Enum):
    GOOD = "good"
    ABSENT = "not there yet, making it"
    OUTDATED = "made from other lock files, bringing it up to date"
    BROKEN = "half-made, damaged, moved, or for another torch, making it anew"


@dataclass(frozen=True)
class Environment:
    purpose: str
    home: Path
    sources: tuple[Path, ...]  # what it is made from
    modules: tuple[str, ...]  # what it is made for
    space: float  # bytes on disk
    fill: Callable[[], None]

    @property
    def name(self) -> str:
        return str(self.home.relative_to(ROOT))

    @property
    def python(self) -> Path:
        return self.home / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.home / "imgen-setup.json"


def main() -> None:
    require_venv()
    with one_at_a_time():
        for environment in (SERVICE, COMFYUI):
            state = judge(environment)
            if state is not State.GOOD:
                make(environment, state)


def require_venv() -> None:
    modules = [sys.executable, "-c", "import ensurepip, venv"]  # Debian ships them apart
    if subprocess.run(modules, capture_output=True, check=False).returncode:
        raise SetupError(
            "This Python can't make virtual environments.\n"
            "On Debian and Ubuntu: apt-get install python3-venv"
        )


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    with Path(__file__).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another `make setup` is at work here, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# What there is


def judge(environment: Environment) -> State:
    if not environment.home.exists():
        return State.ABSENT
    stamp = read_stamp(environment)
    if not (stamp and fits(environment, stamp) and holds(environment, stamp["installed"])):
        return State.BROKEN
    return State.GOOD if stamp["sources"] == digest(*environment.sources) else State.OUTDATED


def fits(environment: Environment, stamp: dict[str, Any]) -> bool:
    """Whether it stands where it was made and has the torch that is wanted.

    With no index named, any torch that was once wanted will do.
    """
    if environment is COMFYUI and TORCH_INDEX and stamp["torch"] != torch_source():
        return False
    return bool(stamp["root"] == str(ROOT))


def holds(environment: Environment, distributions: list[str]) -> bool:
    try:
        return set(distributions) <= set(inspect(environment))
    except (OSError, subprocess.CalledProcessError):
        return False


def inspect(environment: Environment) -> list[str]:
    """The installed distributions as `name==version`."""
    command = [str(environment.python), "-I", "-c", INSPECT, *environment.modules]
    found: list[str] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def read_stamp(environment: Environment) -> dict[str, Any]:
    try:
        stamp: dict[str, Any] = json.loads(environment.stamp.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def torch_source() -> str:
    """The index that is asked for, unreadable because its URL may hold a password."""
    return hashlib.sha256(TORCH_INDEX.encode()).hexdigest()


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


# Making it


def make(environment: Environment, state: State) -> None:
    began = time.monotonic()
    say(f"{environment.name} (for {environment.purpose}): {state.value}")
    torch = torch_source() if TORCH_INDEX else read_stamp(environment).get("torch", "")
    environment.stamp.unlink(missing_ok=True)
    try:
        if state is not State.OUTDATED:
            require_space(environment)
            run(base_python(), "-m", "venv", "--clear", environment.home)
        environment.fill()
        run(environment.python, "-I", "-c", f"import {', '.join(environment.modules)}")
    except subprocess.CalledProcessError as error:
        raise SetupError("\n".join(explain(environment, error))) from None
    write_stamp(environment, torch=torch)
    say(f"{environment.name} is ready, {time.monotonic() - began:.0f} s")


def fill_service() -> None:
    pinned_uv = re.search(r"^uv==.*(?:\n +.*)*", SERVICE.sources[0].read_text(), re.MULTILINE)
    if not pinned_uv:
        raise SetupError("requirements.lock pins no uv: run `make lock` on a good environment")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pinned_uv[0] + "\n")
        requirements.flush()
        pip(SERVICE, "--quiet", "--require-hashes", "--requirement", requirements.name)
    uv(SERVICE, "--require-hashes", "--requirement", SERVICE.sources[0])
    uv(SERVICE, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def fill_comfyui() -> None:
    lock, direct = COMFYUI.sources
    uv(COMFYUI, "--no-deps", "--require-hashes", "--requirement", lock)
    torch = re.search(r"^torch==\S+", direct.read_text(), re.MULTILINE)
    if not torch:
        raise SetupError("comfyui/requirements.in pins no torch")
    if TORCH_INDEX:  # not as an argument, because that would show a password
        os.environ["PIP_INDEX_URL"] = TORCH_INDEX
    # pip, because it also looks where the machine's own pip configuration says
    pip(COMFYUI, "--no-warn-conflicts", torch[0])


def pip(environment: Environment, *arguments: str) -> None:
    run(environment.python, "-m", "pip", "--disable-pip-version-check", "install", *arguments)


def uv(environment: Environment, *arguments: str | Path) -> None:
    program = SERVICE.home / "bin" / "uv"
    run(program, "pip", "install", "--python", environment.python, *arguments)


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, cwd=ROOT)


def base_python() -> Path:
    """Not the one of an environment that is about to be cleared."""
    major, minor = sys.version_info[:2]
    python = Path(sys.base_prefix, "bin", f"python{major}.{minor}")
    return python if python.exists() else Path(sys.executable)


def write_stamp(environment: Environment, *, torch: str) -> None:
    stamp = {
        "root": str(ROOT),
        "torch": torch,
        "sources": digest(*environment.sources),
        "installed": inspect(environment),
    }
    environment.stamp.write_text(json.dumps(stamp, indent=1))


# When it fails


def require_space(environment: Environment) -> None:
    free = shutil.disk_usage(ROOT).free
    if free < environment.space:
        raise SetupError(
            f"The disk is too full: {environment.name} needs about "
            f"{environment.space / GIB:.1f} GiB, {free / GIB:.1f} GiB are free."
        )


def explain(environment: Environment, error: subprocess.CalledProcessError) -> Iterator[str]:
    """What failed, and every reason for it that can be found on this machine."""
    yield f"this failed, its own words are above: {' '.join(map(str, error.cmd))}"
    if shutil.disk_usage(ROOT).free < GIB / 10:
        yield "- The disk is full."
    if environment.python.exists() and not index_answers(environment):
        yield "- The package index can't be reached: look at the network, proxy and pip's settings."
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        yield "- There is no C++ compiler, and pdqhash is built from source."
        yield "  On Debian and Ubuntu: apt-get install build-essential"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        yield "- Python's headers are missing, and pdqhash is built from source."
        yield "  On Debian and Ubuntu: apt-get install python3-dev"
    yield "When it is put right, `make setup` goes on."


def index_answers(environment: Environment) -> bool:
    command = [str(environment.python), "-m", "pip", "--retries", "0", "--timeout", "10"]
    answer = subprocess.run([*command, "index", "versions", "uv"], capture_output=True, check=False)
    return answer.returncode == 0


def say(text: str) -> None:
    print(text, flush=True)


SERVICE = Environment(
    purpose="the service",
    home=ROOT / ".venv",
    sources=(ROOT / "requirements.lock", ROOT / "pyproject.toml"),
    modules=("orchestrator", "aiohttp", "c2pa", "pdqhash", "pydantic"),
    space=0.5 * GIB,
    fill=fill_service,
)
COMFYUI = Environment(
    purpose="ComfyUI",
    home=ROOT / "comfyui" / ".venv",
    sources=(ROOT / "comfyui" / "requirements.lock", ROOT / "comfyui" / "requirements.in"),
    modules=("comfy", "cv2", "pdqhash", "torch"),
    space=2 * GIB,
    fill=fill_comfyui,
)

if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"make setup: {error}")
    except KeyboardInterrupt:
        sys.exit("\nmake setup: interrupted; run it again and it mends what is half-made")
    except OSError as error:
        sys.exit(f"make setup: {error}")
