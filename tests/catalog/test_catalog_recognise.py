"""What a file of weights is, told by its header.

Each file in `headers/` is a header, some of its tensors with their shapes, as published models
have them; its name is what it must be taken for: `role.family.anything`.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.catalog.headers import Header
from orchestrator.catalog.recognise import Recognised, family_said, kinds_of, recognise, signs
from orchestrator.catalog.signs import DIFFUSION, LORA, OTHERS

SAMPLES = sorted((Path(__file__).parent / "headers").glob("*.yaml"))


def header(tensors: dict[str, Any]) -> Header:
    metadata = tensors.pop("__metadata__", {})
    return Header({name: tuple(shape) for name, shape in tensors.items()}, metadata)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_file_is_recognised_by_its_header(sample: Path) -> None:
    found = recognise(header(yaml.safe_load(sample.read_text())))
    assert sample.stem.split(".")[:2] == [found.role or "none", found.family or "none"]


@pytest.mark.parametrize("sample", [p for p in SAMPLES if p.stem.startswith("text_encoder")])
def test_a_text_encoder_is_known_by_name(sample: Path) -> None:
    found = recognise(header(yaml.safe_load(sample.read_text())))
    assert found.kind == sample.stem.split(".")[2]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_more_tensors_change_nothing(sample: Path) -> None:
    tensors = yaml.safe_load(sample.read_text())
    more = tensors | {f"more.of.the.same.{n}": [8, 8] for n in range(3)}
    assert recognise(header(more)) == recognise(header(tensors))


@pytest.mark.parametrize(
    "kind", ["inpaint", "refiner", "pruned", "schnell", "dev", "fill", "control", "medium", "large"]
)
def test_a_kind_is_told_apart_within_its_family(kind: str) -> None:
    kinds = {recognise(header(yaml.safe_load(path.read_text()))).kind for path in SAMPLES}
    assert kind in kinds


@pytest.mark.parametrize("row", [*DIFFUSION, *OTHERS, *LORA], ids=lambda row: row[-1])
def test_a_row_of_the_table_has_no_number_that_no_name_keeps(row: tuple[str, ...]) -> None:
    for sign in signs(row[-1]):
        assert list(kinds_of([sign.name])) == [sign.name]


@pytest.mark.parametrize(
    ("file", "family"),
    [("sdxl-vae-fp16-fix", "sdxl"), ("sd3_vae", "sd3"), ("ae", "flux"), ("vae-ft-mse", "sd15")],
)
def test_vaes_that_are_alike_are_told_by_name(file: str, family: str) -> None:
    channels = 16 if family in ("sd3", "flux") else 4
    shapes = {"decoder.conv_in.weight": (512, channels, 3, 3), "encoder.conv_in.weight": (128, 3)}
    assert recognise(Header(shapes, {}), hint=file).family == family


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("stable-diffusion-xl-v1-base/lora", "sdxl"),
        ("stable-diffusion-v1/lora", "sd15"),
        ("stable-diffusion-v2-768-v", "sd2"),
        ("stable-diffusion-3-medium", "sd3"),
        ("flux-1-dev/lora", "flux"),
        ("Flux.1 D", "flux"),
        ("Flux.2 Klein 9B", ""),
        ("SDXL 1.0", "sdxl"),
        ("SD 3.5 Large", "sd3"),
        ("Illustrious", "sdxl"),
        ("ZImageTurbo", "z_image"),
        ("Qwen", "qwen_image"),
        ("something else", None),
    ],
)
def test_makers_words_name_a_family(words: str, family: str | None) -> None:
    assert family_said(words) == family


SHAPES = st.lists(st.integers(0, 2**40), max_size=5).map(tuple)
NAMES = st.text(max_size=40) | st.sampled_from(
    [name for path in SAMPLES for name in yaml.safe_load(path.read_text())]
)


@given(
    st.dictionaries(NAMES, SHAPES, max_size=12),
    st.dictionaries(st.text(max_size=20), st.text(max_size=40)),
)
def test_no_header_is_worse_than_unknown(
    shapes: dict[str, tuple[int, ...]], metadata: dict[str, str]
) -> None:
    assert isinstance(recognise(Header(shapes, metadata), hint="x"), Recognised)
