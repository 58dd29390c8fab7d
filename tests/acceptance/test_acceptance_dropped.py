"""Weights and a character dropped into a running service, and taken away while jobs wait."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from service import Service

sys.path.append(str(Path(__file__).parents[1] / "catalog"))
from catalog_samples import described

from orchestrator.settings import HOME

PROMISED = 5.0  # seconds until a change is served
SLACK = 3.0  # seconds more, as the machine may be busy
CHECKPOINT = described("checkpoint.sdxl.plain", more=bytes(100_000))
LORA = described("lora.sdxl.kohya", {"modelspec.trigger_phrase": "mila"})

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    shutil.copytree(HOME / "workflows", tmp_path / "workflows")
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "models" / "loras").mkdir()
    return tmp_path


@pytest.fixture
def running(folders: Path) -> Iterator[Service]:
    settings = {
        "IMGEN_MODELS_DIR": str(folders / "models"),
        "IMGEN_WORKFLOWS_DIR": str(folders / "workflows"),
        "IMGEN_COMPLIANCE__ACCEPT_UNREVIEWED": "true",
    }
    service = Service(folders / "data", settings).start()
    yield service
    assert service.stop() == 0, service.log()[-4000:]


def within(limit: float, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def offer(service: Service) -> tuple[list[str], list[str]]:
    body: dict[str, Any] = service.call("models")
    return list(body["models"]), body["characters"]


def copy_slowly(file: Path, content: bytes, *, during: Callable[[], None]) -> None:
    with file.open("wb", buffering=0) as copy:
        for start in range(0, len(content), 50_000):
            copy.write(content[start : start + 50_000])
            time.sleep(0.7)
            during()


def test_files_come_and_go_while_jobs_wait(running: Service, folders: Path) -> None:
    checkpoint = folders / "models/checkpoints/Soft Light.safetensors"

    def not_yet() -> None:
        assert offer(running)[0] == ["demo"]

    copy_slowly(checkpoint, CHECKPOINT, during=not_yet)
    (folders / "models/loras/mila.safetensors").write_bytes(LORA)
    (folders / "workflows/characters/mila.yaml").write_text("lora: mila.safetensors\n")
    within(PROMISED + SLACK, lambda: offer(running)[0] == ["soft-light", "demo"])
    within(PROMISED + SLACK, lambda: "mila" in offer(running)[1])

    busy = [running.call("generate", prompt="red coat", model="demo")["id"] for _ in range(4)]
    doomed = running.call("generate", prompt="@mila red coat", model="soft-light")["id"]
    checkpoint.unlink()
    within(PROMISED + SLACK, lambda: offer(running)[0] == ["demo"])
    for job in busy:
        running.call("cancel", id=job)
    assert running.wait(doomed)["status"] == "FAILED"
    reason = "Weights that the picture needs are gone (checkpoints/Soft Light.safetensors)"
    assert running.log().count(reason) == 1

    fallen_back = running.generate("red coat", model="soft-light")
    assert (fallen_back["status"], fallen_back["meta"]["model"]) == ("COMPLETED", "demo")
