"""A graph that was made in ComfyUI becomes a template that the audit finds sound."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from orchestrator.cli import imgen
from orchestrator.models import Template
from orchestrator.workflows import audit, packaged_schemas

GRAPH: dict[str, Any] = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "5": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 512, "height": 512, "batch_size": 1},
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a street", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "umbrella", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            **{"seed": 5, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal"},
            **{"denoise": 1, "model": ["4", 0], "latent_image": ["5", 0]},
            **{"positive": ["6", 0], "negative": ["7", 0]},
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
}


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    monkeypatch.setenv("IMGEN_WORKFLOWS_DIR", str(tmp_path / "workflows"))
    return lambda *words: CliRunner().invoke(imgen, ["templates", "import", *map(str, words)])


def as_json(folder: Path) -> Path:
    file = folder / "street.json"
    file.write_text(json.dumps(GRAPH))
    return file


def as_png(folder: Path) -> Path:
    text = PngInfo()
    text.add_text("prompt", json.dumps(GRAPH))
    file = folder / "street.png"
    Image.new("RGB", (8, 8)).save(file, pnginfo=text)
    return file


def template(folder: Path) -> dict[str, Any]:
    graph: dict[str, Any] = json.loads((folder / "workflows/templates/street.json").read_text())
    return graph


@pytest.mark.parametrize("write", [as_json, as_png])
def test_the_template_is_sound(
    imported: Callable[..., Result], tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    result = imported(write(tmp_path))
    assert result.exit_code == 0, result.output
    made = Template(name="street", graph=template(tmp_path), digest="")
    assert audit(made, packaged_schemas()) == ()


def test_texts_are_bound_by_what_they_feed(imported: Callable[..., Result], tmp_path: Path) -> None:
    imported(as_json(tmp_path))
    texts = [template(tmp_path)[node_id]["inputs"]["text"] for node_id in ("6", "7")]
    assert texts == ["{{ positive }}", "{{ negative }}"]


def test_it_says_what_it_did(imported: Callable[..., Result], tmp_path: Path) -> None:
    result = imported(as_json(tmp_path))
    assert "KSampler: seed is {{ seed }} (was 5)" in result.output
    assert "SaveImage: is the Imgen Output" in result.output


def test_no_template_is_overwritten(imported: Callable[..., Result], tmp_path: Path) -> None:
    imported(as_json(tmp_path))
    assert "is there already" in imported(as_json(tmp_path)).output


@pytest.mark.parametrize("name", ["../evil", ".hidden", "a/b"])
def test_a_name_stays_in_the_folder(
    imported: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    result = imported(as_json(tmp_path), f"--name={name}")
    assert result.exit_code == 2


def test_a_picture_without_a_graph_is_refused(
    imported: Callable[..., Result], tmp_path: Path
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    assert "has no graph" in imported(tmp_path / "plain.png").output


def pipe(file: Path) -> None:
    os.mkfifo(file)


def sparse(file: Path) -> None:
    file.touch()
    os.truncate(file, 5 << 30)


def no_graph(file: Path) -> None:
    file.write_text("[")


@pytest.mark.parametrize("made", [pipe, sparse, no_graph])
def test_what_is_no_graph_is_refused_by_name(
    imported: Callable[..., Result], tmp_path: Path, made: Callable[[Path], None]
) -> None:
    made(tmp_path / "street.json")
    result = imported(tmp_path / "street.json")
    assert result.exit_code == 1
    assert "street.json" in result.output
    assert not (tmp_path / "workflows").exists()
