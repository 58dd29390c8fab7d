"""Reads the fields of `generate`: silent fallbacks where the contract names them, clamped
numbers, and an error that names the field for everything else."""

import asyncio
import secrets

from comfy_nodes.marks import brand as marks
from orchestrator.api.fields import Fields
from orchestrator.api.pictures import Pictures
from orchestrator.edge_ports import UrlGuard
from orchestrator.errors import InvalidBrand, InvalidField, PromptRequired
from orchestrator.models import Brand, Credits, Format, Output, Position, Request, Reuse

SIZES = frozenset(
    {
        (1024, 1024),
        (1344, 768),
        (768, 1344),
        (1216, 832),
        (832, 1216),
        (1152, 896),
        (896, 1152),
    }
)
DEFAULT_SIZE = (1344, 768)
LONGEST_NAME = 200  # characters of a model, style or ruleset key
LONGEST_CREDIT = 1000  # characters
LONGEST_PRECOMPLIANCE = 2000
LONGEST_URL = 2000
LONGEST_DATA_URI = 3 * 2**20  # characters: 2 MiB of picture in base64, and its head
SEEDS = 2**32


async def read_request(
    fields: Fields, pictures: Pictures, *, longest_prompt: int, guard: UrlGuard
) -> Request:
    """Raises PromptRequired, InvalidField, InvalidBrand."""
    return Request(
        prompt=read_prompt(fields, longest=longest_prompt),
        seed=fields.integer("seed", default=secrets.randbelow(SEEDS), low=0, high=2**64 - 1),
        negative=fields.text("negative", longest=longest_prompt),
        model=fields.short_text("model", longest=LONGEST_NAME),
        style=fields.short_text("style", longest=LONGEST_NAME),
        optimize=fields.flag("optimize"),
        reuse=_reuse(fields),
        output=_output(fields),
        pictures=pictures.digests,
        strength=fields.number("strength", default=0.75, low=0.05, high=1.0),
        brand=await _brand(fields),
        credits=_credits(fields),
        ruleset=fields.short_text("compliance_ruleset", longest=LONGEST_NAME).strip() or "default",
        precompliance=fields.short_text("precompliance", longest=LONGEST_PRECOMPLIANCE),
        webhook_url=_webhook_url(fields, guard),
    )


def read_prompt(fields: Fields, *, longest: int) -> str:
    prompt = fields.text("prompt", longest=longest)
    if not prompt.strip():
        raise PromptRequired
    return prompt


def _webhook_url(fields: Fields, guard: UrlGuard) -> str:
    url = fields.explained_text("webhook_url", longest=LONGEST_URL)
    if url and (fault := guard.fault(url)):
        raise InvalidField("webhook_url", reason=fault)
    return url


def _reuse(fields: Fields) -> Reuse:
    return Reuse(
        wanted=fields.flag("use_cache"),
        only=fields.flag("cache_only"),
        force=fields.flag("cache_force"),
        pick=fields.integer_or("cache_pick", 5, low=1, high=10),
    )


def _output(fields: Fields) -> Output:
    size = (
        fields.integer_or("width", DEFAULT_SIZE[0], low=0, high=10_000),
        fields.integer_or("height", DEFAULT_SIZE[1], low=0, high=10_000),
    )
    width, height = size if size in SIZES else DEFAULT_SIZE
    return Output(
        width=width,
        height=height,
        format=Format(fields.choice("format", list(Format), default=Format.JPEG)),
        quality=fields.integer("quality", default=95, low=1, high=100),
        lossless=fields.flag("lossless"),
    )


async def _brand(fields: Fields) -> Brand:
    data_uri = fields.text("wm_image", longest=LONGEST_DATA_URI)
    brand = Brand(
        position=Position(
            fields.choice("wm_position", list(Position), default=Position.BOTTOM_RIGHT)
        ),
        scale=fields.integer("wm_scale", default=5, low=1, high=100),
        opacity=fields.integer("wm_transparency", default=100, low=0, high=100),
        rotation=fields.integer("wm_rotation", default=0, low=-360, high=360),
        padding_x=fields.integer("wm_padding_x", default=10, low=0, high=500),
        padding_y=fields.integer("wm_padding_y", default=10, low=0, high=500),
    )
    if not data_uri.strip():
        return brand
    try:
        return brand.evolve(image=await asyncio.to_thread(marks.check, data_uri))
    except marks.BadMark as error:
        raise InvalidBrand(detail=str(error)) from None


def _credits(fields: Fields) -> Credits:
    return Credits(
        **{name: fields.text(f"cs_{name}", longest=LONGEST_CREDIT) for name in Credits.model_fields}
    )
