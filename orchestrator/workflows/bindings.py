"""The names that a template may use, and sample values for them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from orchestrator.models import LoraUse, Value


class Bindings(Value):
    positive: str
    negative: str
    seed: int = Field(ge=0, lt=2**64)
    width: int  # pixels
    height: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    checkpoint: str  # file below the folder that the template loads it from
    companions: Mapping[str, str] = {}  # files beside it by kind, each below its own folder
    loras: tuple[LoraUse, ...] = ()
    batch: int = Field(default=1, ge=1)  # images a run
    init_image: str = ""  # pictures of the request by name; empty: there is none
    mask_image: str = ""
    reference_image: str = ""
    strength: float = 1.0  # of what is painted over `init_image`; 1 without one
    model: str = ""  # catalog keys
    style: str = ""
    character: str = ""

    def names(self) -> dict[str, Any]:
        """What expressions see: plain data without methods of ours."""
        return self.model_dump()


SAMPLE = Bindings(
    positive="aya, red coat, snowy street, warm lighting",
    negative="umbrella, blurry",
    seed=20260117,
    width=1344,
    height=768,
    steps=20,
    cfg=7.0,
    sampler="euler",
    scheduler="normal",
    checkpoint="sample.safetensors",
    companions={
        kind: f"{kind}.safetensors"
        for kind in ("vae", "clip_l", "clip_g", "t5xxl", "qwen25_vl_7b", "qwen3_4b", "gemma2_2b")
    },
    loras=(
        LoraUse(file="aya.safetensors", weight=0.8),
        LoraUse(file="film grain.safetensors", weight=0.5),
    ),
    model="sample",
    style="photo",
    character="aya",
)
SPARSE = SAMPLE.evolve(negative="", loras=(), style="", character="")  # all that may be empty is
PICTURED = SAMPLE.evolve(
    init_image="init_image",
    mask_image="mask_image",
    reference_image="reference_image",
    strength=0.75,
)
LARGE = SAMPLE.evolve(width=2048, height=1536)
