"""One real ComfyUI for all tests that need one: the packaged one, or the checkout that
IMGEN_COMFYUI_PATH and IMGEN_COMFYUI_PYTHON name."""

import gc
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.comfy import Managed
from orchestrator.comfy.process import launch_command

HOME = Path(__file__).parent.parent
OBEDIENT_NODES = HOME / "tests" / "comfy" / "obedient_nodes"
BOOT = 120.0  # seconds


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a test leaves open is reported in its own file and not in a later one."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def comfyui_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models folder of the test ComfyUI; a file dropped there is served."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def comfyui_spec(comfyui_models: Path) -> Callable[..., Managed]:
    """How to start a ComfyUI in a directory, with our nodes and obedient ones in it."""
    checkout = os.environ.get("IMGEN_COMFYUI_PATH")
    default = HOME / "comfyui" / ".venv" / "bin" / "python"
    python = Path(os.environ.get("IMGEN_COMFYUI_PYTHON", default))
    if not python.exists():
        pytest.skip(f"no ComfyUI environment at {python} (make setup)")

    def spec(directory: Path, **changes: object) -> Managed:
        custom_nodes = directory / "custom_nodes"
        custom_nodes.mkdir(parents=True, exist_ok=True)
        (custom_nodes / "obedient").symlink_to(OBEDIENT_NODES, target_is_directory=True)
        defaults = {
            "name": "test",
            "directory": directory,
            "launcher": HOME / "comfyui" / "launch.py",
            "python": python,
            "models": comfyui_models,
            "pack": HOME / "comfy_nodes",
            "checkout": Path(checkout) if checkout else None,
        }
        return Managed(**(defaults | changes))

    return spec


@pytest.fixture(scope="session")
def comfyui(
    comfyui_spec: Callable[..., Managed], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of a running ComfyUI that all tests share: don't break it."""
    directory = tmp_path_factory.mktemp("comfyui")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = directory / "comfyui.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            launch_command(comfyui_spec(directory), port),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, process, log)
        yield url
    finally:
        process.kill()
        process.communicate()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + BOOT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/imgen/version", timeout=5).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"ComfyUI did not come up:\n{log.read_text()[-4000:]}")
