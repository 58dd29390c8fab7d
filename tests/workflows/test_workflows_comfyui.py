"""The shipped templates on a real ComfyUI, with real sampling of random weights."""

import io
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import requests
from comfy.comfy_samples import job
from PIL import Image
from workflow_samples import FINISH, HOME, named, shipped

from comfy_nodes.marks import VERSION
from orchestrator.comfy import Endpoint, External, Managed, Pool
from orchestrator.errors import RunFailed
from orchestrator.models import Artifact, Graph, LoraUse, PictureName, Progress, Template
from orchestrator.ports import NO_PICTURES
from orchestrator.workflows import (
    SAMPLE,
    audit,
    build,
    official_schemas,
    packaged_schemas,
    parse_schemas,
)

pytestmark = [pytest.mark.comfyui, pytest.mark.slow, pytest.mark.timeout(300)]

SMALL = SAMPLE.evolve(checkpoint="tiny-sd15.safetensors", width=256, height=256, steps=2, loras=())
LORA = LoraUse(file="tiny-sd15-lora.safetensors")

EXPECTED = official_schemas() if "IMGEN_COMFYUI_PATH" in os.environ else packaged_schemas()
RUNNABLE = [template for template in shipped() if not audit(template, EXPECTED)]


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


async def run(
    url: str, graph: Graph, pictures: Mapping[PictureName, bytes] = NO_PICTURES
) -> tuple[Artifact, list[Progress]]:
    seen: list[Progress] = []
    async with Pool([External("shared", Endpoint(url))], pack_version=VERSION) as pool:
        slot = await pool.slot()
        async with slot.run(job(graph), report=seen.append, pictures=pictures) as artifacts:
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


async def test_a_large_picture_is_sampled_twice(comfyui, weights):
    graph = build(scaled_down(named("sd15")), SMALL.evolve(width=320), finish=FINISH)
    artifact, seen = await run(comfyui, graph)
    assert Progress(step=1, steps=1, node="Second pass") in seen
    assert (artifact.facts.width, artifact.facts.height) == (320, 256)


def scaled_down(template: Template) -> Template:
    """The same, to which a small picture is large already: a quarter of the native size."""
    text = json.dumps(template.graph)
    small = text.replace("600000", str(600000 // 16)).replace("* 512 /", "* 128 /")
    return template.evolve(graph=json.loads(small))


async def test_a_picture_begins_as_the_one_that_came_with_the_request(comfyui, weights):
    bindings = SMALL.evolve(init_image="init_image", strength=0.5)
    graph = build(named("sd15"), bindings, finish=FINISH)
    drawn = [
        (await run(comfyui, graph, {PictureName.INIT: one_colour(colour)}))[0]
        for colour in ("black", "white")
    ]
    assert [(a.facts.width, a.facts.height) for a in drawn] == [(256, 256)] * 2
    assert drawn[0].facts.fingerprint != drawn[1].facts.fingerprint


def one_colour(colour: str) -> bytes:
    """Larger than what is drawn, and of another shape."""
    file = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(file, "PNG")
    return file.getvalue()


async def test_without_its_picture_a_run_fails_and_says_so(comfyui, weights):
    graph = build(named("sd15"), SMALL.evolve(init_image="init_image"), finish=FINISH)
    with pytest.raises(RunFailed, match=r'"Input image" failed: .*no picture'):
        await run(comfyui, graph)


@pytest.mark.parametrize("template", RUNNABLE, ids=lambda template: template.name)
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
