"""The real sampler: a small SD 1.5 checkpoint of random weights, dropped in, makes a picture."""

import asyncio
import io
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orchestrator.models import Caller, Job, Output, PictureName, Progress, Request, Status
from orchestrator.pipeline import accept, offered
from orchestrator.ports import NO_PICTURES
from orchestrator.settings import HOME, ComplianceSettings, Settings
from orchestrator.wiring.engine import Core, opened

CALLER = Caller(key_id="test")
REQUEST = Request(
    prompt="red coat, snowy street",
    model="sd15",
    seed=1,
    steps=8,  # long enough for some to be recorded
    output=Output(width=256, height=256),
)
BLUE = (40, 90, 200)


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def right_half() -> Image.Image:
    mask = Image.new("L", (256, 256))
    mask.paste(255, (128, 0, 256, 256))
    return mask


PICTURES = {
    PictureName.INIT: png(Image.new("RGB", (256, 256), BLUE)),
    PictureName.MASK: png(right_half()),
}
REPAINTING = REQUEST.evolve(pictures=dict.fromkeys(PICTURES, "5a" * 32), strength=1.0)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a checkpoint and a LoRA of its family."""
    default = HOME / "comfyui" / ".venv" / "bin" / "python"
    folder = tmp_path_factory.mktemp("models")
    script = HOME / "scripts" / "make_tiny_sd15.py"
    subprocess.run([default, script, folder], check=True, capture_output=True)
    checkpoints = folder / "checkpoints"
    (checkpoints / "tiny-sd15.safetensors").rename(checkpoints / "sd15.safetensors")
    return folder


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped workflows and one more character, who has a LoRA."""
    folder = tmp_path_factory.mktemp("workflows")
    shutil.copytree(HOME / "workflows", folder, dirs_exist_ok=True)
    card = "trigger: mila\npositive: adult woman, 40 years old\nlora: tiny-sd15-lora.safetensors\n"
    (folder / "characters" / "mila.yaml").write_text(card)
    return folder


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Core]:
    async with opened(settings, "http://localhost") as core:
        ready = asyncio.Event()
        work = asyncio.create_task(core.work(ready=ready.set))
        async with asyncio.timeout(120):
            await ready.wait()
        yield core
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def settings(data: Path, weights: Path, workflows: Path, *, unreviewed: bool) -> Settings:
    return Settings(
        data_dir=data,
        models_dir=weights,
        workflows_dir=workflows,
        comfyui_path=os.environ.get("IMGEN_COMFYUI_PATH"),
        comfyui_python=os.environ.get("IMGEN_COMFYUI_PYTHON"),
        compliance=ComplianceSettings(accept_unreviewed=unreviewed),
    )


async def followed(
    core: Core, request: Request, pictures: Mapping[PictureName, bytes] = NO_PICTURES
) -> tuple[Job, set[Progress]]:
    """The job at its end, and the progress that was seen on the way."""
    job = await accept(request, CALLER, "test", core.ports, pictures=pictures)
    seen: set[Progress] = set()
    async with asyncio.timeout(200):
        while not job.status.final:
            await asyncio.sleep(0.05)
            found = await core.ports.ledger.get(job.id)
            assert found
            job = found
            seen |= {job.progress} if job.progress else set()
    assert job.status is Status.COMPLETED, job.error
    return job, seen


async def test_a_dropped_checkpoint_is_sampled(
    tmp_path: Path, weights: Path, workflows: Path
) -> None:
    async with working(settings(tmp_path, weights, workflows, unreviewed=True)) as core:
        plain, seen = await followed(core, REQUEST)
        patched, _ = await followed(core, REQUEST.evolve(prompt=f"@mila {REQUEST.prompt}"))
        same_text = plain.plan.texts.positive in patched.plan.texts.positive
        repainted, _ = await followed(core, REPAINTING, PICTURES)
        drawn = await core.ports.storage.get(repainted.assets[0].key)
    assert any(progress.steps == REQUEST.steps for progress in seen)
    assert plain.verdict
    assert plain.verdict.unreviewed
    assert same_text
    loaders = [n for n in patched.plan.graph.values() if n["class_type"] == "LoraLoader"]
    assert [loader["inputs"]["lora_name"] for loader in loaders] == ["tiny-sd15-lora.safetensors"]
    assert plain.kept[0].facts.fingerprint != patched.kept[0].facts.fingerprint
    assert_only_the_right_is_drawn_anew(drawn or b"")
    assert spooled(tmp_path) == []


def spooled(data: Path) -> list[Path]:
    return list(data.glob("spool/*/*"))


def assert_only_the_right_is_drawn_anew(picture: bytes) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    distance = np.abs(pixels - BLUE).mean(axis=(0, 2))  # of each column
    assert distance[:112].max() < 12
    assert distance[144:].mean() > 20


async def test_without_eyes_a_learned_model_is_not_served(
    tmp_path: Path, weights: Path, workflows: Path
) -> None:
    async with opened(settings(tmp_path, weights, workflows, unreviewed=False), "") as core:
        shelf = offered(core.ports)
    assert "sd15" not in shelf.models
    assert "no reviewer" in shelf.withheld["sd15"]
