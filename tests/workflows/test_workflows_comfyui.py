"""The shipped templates on a real ComfyUI, with real sampling of random weights."""

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import requests
from comfy.comfy_samples import job
from PIL import Image
from workflow_samples import FINISH, HOME, named, shipped

from comfy_nodes.marks import VERSION
from orchestrator.comfy import Endpoint, External, Managed, Pool
from orchestrator.models import Artifact, Graph, LoraUse, Progress
from orchestrator.workflows import SAMPLE, audit, build, packaged_schemas, parse_schemas

pytestmark = [pytest.mark.comfyui, pytest.mark.slow, pytest.mark.timeout(300)]

SMALL = SAMPLE.evolve(checkpoint="tiny-sd15.safetensors", width=256, height=256, steps=2, loras=())
LORA = LoraUse(file="tiny-sd15-lora.safetensors")


@pytest.fixture(scope="module")
def weights(
    comfyui_models: Path,
    comfyui_spec: Callable[..., Managed],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A checkpoint and a LoRA, dropped while ComfyUI may be running already."""
    spec = comfyui_spec(tmp_path_factory.mktemp("interpreter"))
    environment = {**os.environ, "PYTHONPATH": str(spec.checkout or "")}
    script = HOME / "scripts" / "make_tiny_sd15.py"
    subprocess.run([spec.python, script, comfyui_models], env=environment, check=True)


async def run(url: str, graph: Graph) -> tuple[Artifact, list[Progress]]:
    seen: list[Progress] = []
    async with Pool([External("shared", Endpoint(url))], pack_version=VERSION) as pool:
        slot = await pool.slot()
        async with slot.run(job(graph), report=seen.append) as artifacts:
            (artifact,) = artifacts
    return artifact, seen


async def pixels(url: str, *loras: LoraUse) -> np.ndarray:
    graph = build(named("sd15"), SMALL.evolve(loras=loras), finish=FINISH)
    artifact, _ = await run(url, graph)
    return np.asarray(Image.open(io.BytesIO(artifact.picture))).astype(float)


def refusals(url: str, graph: Graph) -> dict[str, set[str]]:
    """What ComfyUI has against each node."""
    answer = requests.post(f"{url}/prompt", json={"prompt": graph}, timeout=30)
    assert answer.status_code == 400
    return {
        node_id: {f"{e['type']}: {e['extra_info']['input_name']}" for e in node["errors"]}
        for node_id, node in answer.json()["node_errors"].items()
    }


async def test_sd15_samples_step_by_step_and_gives_a_picture(comfyui, weights):
    artifact, seen = await run(comfyui, build(named("sd15"), SMALL, finish=FINISH))
    assert Progress(step=2, steps=2, node="Sampler") in seen
    assert Image.open(io.BytesIO(artifact.picture)).size == (256, 256)
    assert artifact.facts.fingerprint


async def test_demo_paints_in_steps_without_any_weights(comfyui):
    graph = build(named("demo"), SMALL, finish=FINISH)
    artifact, seen = await run(comfyui, graph)
    assert Progress(step=2, steps=2, node="Painter") in seen
    assert Image.open(io.BytesIO(artifact.picture)).size == (256, 256)


async def test_every_lora_of_the_stack_changes_the_picture(comfyui, weights):
    none, one, two = [await pixels(comfyui, *[LORA] * count) for count in range(3)]
    assert np.abs(none - one).mean() > 5  # of 255
    assert np.abs(one - two).mean() > 1


async def test_a_lora_of_weight_zero_changes_nothing(comfyui, weights):
    without = await pixels(comfyui)
    assert np.array_equal(without, await pixels(comfyui, LORA.evolve(weight=0.0)))


def test_sdxl_lacks_nothing_but_its_files(comfyui):
    assert refusals(comfyui, build(named("sdxl"), SAMPLE, finish=FINISH)) == {
        "1": {"value_not_in_list: ckpt_name"},
        "2:1": {"value_not_in_list: lora_name"},
        "2:2": {"value_not_in_list: lora_name"},
    }


@pytest.mark.parametrize("template", shipped(), ids=lambda template: template.name)
def test_a_template_fits_the_nodes_of_the_running_comfyui(comfyui, template):
    live = parse_schemas(requests.get(f"{comfyui}/object_info", timeout=60).json())
    assert [str(fault) for fault in audit(template, live)] == []


@pytest.mark.skipif("IMGEN_COMFYUI_PATH" in os.environ, reason="the snapshot is the packaged one's")
def test_the_snapshot_is_what_comfyui_says(comfyui):
    """After a change of the node pack: scripts/snapshot_schemas.py."""
    live = parse_schemas(requests.get(f"{comfyui}/object_info", timeout=60).json())
    kept = packaged_schemas()
    assert {name: live.get(name) for name in kept} == kept
    assert {name for name in live if name.startswith("Imgen")} <= kept.keys()
