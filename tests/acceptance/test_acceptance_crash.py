"""The plug is pulled while jobs are under way: all end COMPLETED, each with one picture.

`make chaos` does it to many more.
"""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from service import Service

from orchestrator.settings import HOME

JOBS = 6

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def quick_painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped workflows, but the demo painter takes three steps."""
    folder = tmp_path_factory.mktemp("workflows")
    shutil.copytree(HOME / "workflows", folder, dirs_exist_ok=True)
    card = folder / "models" / "demo.yaml"
    card.write_text(re.sub(r"steps: \d+", "steps: 3", card.read_text()))
    return folder


@pytest.fixture
def busy(tmp_path: Path, quick_painter: Path) -> Iterator[tuple[Service, list[str]]]:
    """A service of its own with accepted jobs, some of them running."""
    service = Service(tmp_path / "data", {"IMGEN_WORKFLOWS_DIR": str(quick_painter)}).start()
    jobs = [
        service.call("generate", prompt=f"red coat, street {n}", style="professional")["id"]
        for n in range(JOBS)
    ]
    service.wait(jobs[0])
    yield service, jobs
    service.stop()


def comfyui_of(service: Service) -> psutil.Process:
    children = psutil.Process(service.pid).children(recursive=True)
    return next(child for child in children if "launch.py" in " ".join(child.cmdline()))


def assert_each_has_one_picture(service: Service, jobs: list[str]) -> None:
    ended = [service.wait(job, limit=240) for job in jobs]
    assert {status["status"] for status in ended} == {"COMPLETED"}
    named = {image["filename"] for status in ended for image in status["meta"]["images"]}
    stored = {file.name for file in (service.data_dir / "assets").rglob("*.jpg")}
    assert stored == named
    assert len(named) == 2 * JOBS  # a picture and its thumbnail


def test_kill_of_the_service(busy: tuple[Service, list[str]]) -> None:
    service, jobs = busy
    comfyui = comfyui_of(service)
    service.kill()
    service.start()
    assert_each_has_one_picture(service, jobs)
    assert not comfyui.is_running() or comfyui.status() == psutil.STATUS_ZOMBIE


def test_kill_of_comfyui(busy: tuple[Service, list[str]]) -> None:
    service, jobs = busy
    comfyui_of(service).kill()
    assert_each_has_one_picture(service, jobs)


def test_kill_of_both(busy: tuple[Service, list[str]]) -> None:
    service, jobs = busy
    comfyui_of(service).kill()
    service.kill()
    service.start()
    assert_each_has_one_picture(service, jobs)


def test_repeated_kills_of_the_service(busy: tuple[Service, list[str]]) -> None:
    service, jobs = busy
    for pause in (0.3, 0.9, 1.7):
        time.sleep(pause)  # the moment of the kill is what is varied
        service.kill()
        service.start()
    assert_each_has_one_picture(service, jobs)
