"""Weights and a character dropped into a running service, and taken away while jobs wait."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
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
OTHER_CHECKPOINT = described("checkpoint.sdxl.plain", more=b"\1" * 100_000)
LORA = described("lora.sdxl.kohya", {"modelspec.trigger_phrase": "mila"}, more=bytes(100_000))
CHUNKS = 3  # that a file is copied in

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


def copy_slowly(contents: Mapping[Path, bytes], *, during: Callable[[], None]) -> None:
    """All of them at once."""
    for chunk in range(CHUNKS):
        for file, content in contents.items():
            size = -(-len(content) // CHUNKS)
            with file.open("ab") as copy:
                copy.write(content[chunk * size :][:size])
        time.sleep(0.7)
        if chunk < CHUNKS - 1:
            during()


def accepted(service: Service, prompt: str, model: str) -> str:
    return str(service.call("generate", prompt=prompt, model=model)["id"])


def gone(file: str) -> dict[str, str]:
    """What the caller is told of a job that needs it."""
    reason = f"Weights that the picture needs are gone ({file})"
    return {"status": "FAILED", "error": "Generation failed", "reason": reason}


def test_files_come_and_go_while_jobs_wait(running: Service, folders: Path) -> None:
    soft = folders / "models/checkpoints/Soft Light.safetensors"
    hard = folders / "models/checkpoints/Hard Light.safetensors"
    lora = folders / "models/loras/mila.safetensors"
    nils = folders / "workflows/characters/nils.yaml"

    def copied() -> bool:
        models, characters = offer(running)
        return models == ["hard-light", "soft-light", "demo"] and {"mila", "nils"} <= {*characters}

    def taken_away() -> bool:
        models, characters = offer(running)
        return models == ["hard-light", "demo"] and not {"mila", "nils"} & {*characters}

    def nothing_yet() -> None:
        models, characters = offer(running)
        assert models == ["demo"]
        assert "mila" not in characters

    (folders / "workflows/characters/mila.yaml").write_text("lora: mila.safetensors\n")
    nils.write_text("positive: a green scarf\n")
    copy_slowly({soft: CHECKPOINT, hard: OTHER_CHECKPOINT, lora: LORA}, during=nothing_yet)
    within(PROMISED + SLACK, copied)

    busy = [accepted(running, "red coat", "demo") for _ in range(4)]
    without_lora = accepted(running, "@mila red coat", "hard-light")
    without_checkpoint = accepted(running, "red coat", "soft-light")
    pinned = accepted(running, "@nils red coat", "demo")
    for file in (lora, soft, nils):
        file.unlink()
    within(PROMISED + SLACK, taken_away)
    for job in busy:
        running.call("cancel", id=job)
    assert running.wait(without_lora) == gone("loras/mila.safetensors")
    assert running.wait(without_checkpoint) == gone("checkpoints/Soft Light.safetensors")
    assert running.wait(pinned)["meta"]["positive"].startswith("a green scarf, red coat")

    hard.unlink()
    within(PROMISED + SLACK, lambda: offer(running)[0] == ["demo"])
    fallen_back = running.generate("red coat", model="soft-light")
    assert (fallen_back["status"], fallen_back["meta"]["model"]) == ("COMPLETED", "demo")
