"""What a caller asks, and who the caller is."""

import base64
import hashlib
from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from orchestrator.models.value import Value


class Format(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def extension(self) -> str:
        return "jpg" if self is Format.JPEG else self.value

    @property
    def content_type(self) -> str:
        return f"image/{self.value}"


class Position(StrEnum):
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    CENTER = "center"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


class Brand(Value):
    """The visible mark that a caller wants on the picture."""

    image: str = ""  # base64 of a PNG, JPEG or WebP file, checked and bounded; empty: no mark
    position: Position = Position.BOTTOM_RIGHT
    scale: int = Field(default=5, ge=1, le=100)  # width in per cent of the picture's width
    opacity: int = Field(default=100, ge=0, le=100)  # per cent
    rotation: int = Field(default=0, ge=-360, le=360)  # degrees clockwise
    padding_x: int = Field(default=10, ge=0, le=500)  # pixels from the anchored edge
    padding_y: int = Field(default=10, ge=0, le=500)

    @property
    def sha256(self) -> str:
        """Of the mark's file, in hex: names it without echoing it. Empty: no mark."""
        return hashlib.sha256(base64.b64decode(self.image)).hexdigest() if self.image else ""


class Credits(Value):
    """What a caller wants said in the content credentials."""

    author: str = ""
    title: str = ""
    description: str = ""
    organization: str = ""
    vendor: str = ""


class Output(Value):
    width: int = Field(default=1344, ge=64, le=4096)  # pixels
    height: int = Field(default=768, ge=64, le=4096)
    format: Format = Format.JPEG
    quality: int = Field(default=95, ge=1, le=100)
    lossless: bool = False  # WebP and AVIF


class PictureName(StrEnum):
    """What a picture that comes with a request is for."""

    INIT = "init_image"  # the new picture begins as this one
    MASK = "mask_image"  # where it is painted anew: white
    REFERENCE = "reference_image"  # what it shall look like


class Reuse(Value):
    """Whether an earlier picture will do."""

    wanted: bool = False
    only: bool = False  # a miss is an error
    force: bool = False  # ignore the similarity floor
    pick: int = Field(default=5, ge=1, le=10)  # draw among so many nearest


class LoraUse(Value):
    file: str  # below the loras folder
    weight: float = 1.0


class Texts(Value):
    """What the diffusion model is told."""

    positive: str
    negative: str


class Request(Value):
    """What a caller asked, complete: nothing that is read later changes the picture."""

    prompt: str  # raw: "@aya red coat, snowy street, -umbrella"
    seed: int
    negative: str = ""
    model: str = ""  # a key or an alias; unknown means the first model
    style: str = ""
    optimize: bool = False
    reuse: Reuse = Reuse()
    output: Output = Output()
    steps: int | None = Field(default=None, ge=1, le=150)  # else the style's
    # below 1 the negative prompt would be drawn, which nobody screens as if it were wanted
    cfg: float | None = Field(default=None, ge=1, le=30)
    loras: tuple[LoraUse, ...] = ()
    pictures: Mapping[PictureName, str] = {}  # SHA-256 of each that came with it
    strength: float = Field(default=0.75, ge=0.05, le=1)  # of what is painted over `init_image`
    brand: Brand = Brand()
    credits: Credits = Credits()
    ruleset: str = "default"
    precompliance: str = ""
    webhook_url: str = ""  # is told when the job has ended

    def strings(self, texts: Texts) -> dict[str, str]:
        """By name, every string that can reach the picture or its credentials. Names that end in
        `negative` are of what is not wanted; `precompliance` only talks about the others."""
        return {
            "prompt": self.prompt,
            "negative": self.negative,
            "positive": texts.positive,
            "composed_negative": texts.negative,
            **{f"cs_{name}": text for name, text in self.credits.model_dump().items()},
        }


class Caller(Value):
    """Who asks: an API key's owner, or nobody."""

    key_id: str
    name: str = ""
    tier: str = "free"
    rulesets: frozenset[str] = frozenset({"default"})
    admin: bool = False
    artist: bool = False

    @property
    def priority(self) -> int:
        return {"pro": 10, "internal": 20}.get(self.tier, 0)
