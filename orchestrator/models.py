"""The values that travel through the service. All are frozen; a change makes a new one."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Graph = dict[str, dict[str, Any]]  # node id -> {class_type, inputs, _meta}: ComfyUI's API format


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def evolve(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)


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
    brand: Brand = Brand()
    credits: Credits = Credits()
    ruleset: str = "default"
    precompliance: str = ""

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


class Style(Value):
    key: str
    label: str
    quality: str = ""  # tags after the prompt
    negative_extra: str = ""
    steps: int = Field(default=20, ge=1, le=150)
    cfg: float = Field(default=7.0, ge=1, le=30)
    sampler: str = "euler"
    scheduler: str = "normal"
    loras: tuple[LoraUse, ...] = ()


class Model(Value):
    key: str
    label: str
    template: str
    default_style: str
    styles: Mapping[str, Style]
    checkpoint: str = ""  # file below the checkpoints folder; empty: the template needs none
    base_negative: str = ""
    aliases: tuple[str, ...] = ()
    order: int = 1000  # the lowest is the default
    digest: str = ""  # SHA-256 of the card

    def style(self, key: str) -> Style:
        return self.styles.get(key) or self.styles[self.default_style]


class Character(Value):
    name: str
    trigger: str = ""
    positive: str = ""
    negative: str = ""
    lora: str = ""  # file below the loras folder
    weight: float = 1.0
    digest: str = ""


class Template(Value):
    """A workflow file as dropped: ComfyUI's API format with Jinja in its strings."""

    name: str
    graph: Graph
    digest: str  # SHA-256 of the file


class Shelf(Value):
    """All that can be asked for at one moment; replaced as a whole when a file changes."""

    models: Mapping[str, Model] = {}  # served, best first
    characters: Mapping[str, Character] = {}
    templates: Mapping[str, Template] = {}
    texts: Mapping[str, str] = {}  # workflows/prompts/*.j2 by stem: how texts are composed
    words: Mapping[str, tuple[str, ...]] = {}  # wildcards of the random builder
    withheld: Mapping[str, str] = {}  # model key -> why it is not offered
    faults: tuple[str, ...] = ()  # files that are wrong; their last good version is served

    def model(self, key: str) -> Model | None:
        """The model of that key or alias, else the first; None if nothing is served."""
        named = self.models.get(key) or next(
            (m for m in self.models.values() if key in m.aliases), None
        )
        return named or next(iter(self.models.values()), None)


class Prompt(Value):
    """A raw prompt, parsed."""

    character: str = ""
    positive: str = ""
    negatives: tuple[str, ...] = ()


class Plan(Value):
    """A request, decided: texts, graph and digests. The same plan makes the same picture."""

    prompt: Prompt
    raw: str  # the prompt as it stands after enhancing
    texts: Texts
    model: str
    model_label: str
    style: str
    checkpoint: str
    template: str
    template_digest: str
    card_digest: str
    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    gen_id: str  # 20 of [a-z0-9], the stem of the file names
    watermark_id: str  # 16 hex digits: the public half of the invisible mark
    graph: Graph
    optimized: bool = False


class Facts(Value):
    """What the node pack measured of a finished picture."""

    width: int
    height: int
    format: Format
    fingerprint: str  # PDQ of the marked pixels, 64 hex digits
    fingerprint_quality: int  # 0-100; below 50 it should not be matched


class Artifact(Value):
    """Bytes that a run produced: marked and encoded, not yet signed or reviewed."""

    picture: bytes
    thumbnail: bytes
    facts: Facts


class Kept(Value):
    """An artifact in the private spool, so that any host can go on."""

    picture: str  # storage keys
    thumbnail: str
    facts: Facts
    watermarked: bool = False  # our mark was read back from these very pixels


class Finding(Value):
    rule: str
    category: str
    reviewer: str
    score: float = 1.0


class Verdict(Value):
    safe: bool
    ruleset: str
    ruleset_digest: str
    reviewers: tuple[str, ...]  # name@version of everybody who looked
    findings: tuple[Finding, ...] = ()
    floor: bool = False  # sexual content with minors: purged, never released
    unreviewed: bool = False  # the operator accepts pictures that nobody looked at
    at: datetime

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f.category for f in self.findings))

    @property
    def message(self) -> str:
        return f"Content blocked — flagged for: {', '.join(self.categories)}"

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f.rule for f in self.findings))


class AssetKind(StrEnum):
    SIGNED = "signed"
    THUMBNAIL = "thumbnail"


class Asset(Value):
    """A signed picture in storage. Written once, never overwritten."""

    kind: AssetKind
    key: str
    content_type: str

    @property
    def filename(self) -> str:
        return self.key.rpartition("/")[2]


class Status(StrEnum):
    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    CANCELLED = "CANCELLED"

    @property
    def final(self) -> bool:
        return self not in (Status.IN_QUEUE, Status.IN_PROGRESS)


class Progress(Value):
    step: int  # of the node that runs
    steps: int
    node: str = ""  # its title


class Job(Value):
    """One request, pinned, and how far it has come."""

    id: UUID
    key_id: str
    dialect: str
    request: Request
    created: datetime
    plan: Plan
    priority: int = 0
    status: Status = Status.IN_QUEUE
    attempt: int = 0  # claims so far; together with the owner it fences every write
    failures: int = 0  # runs that went wrong for a reason of their own
    owner: str = ""
    progress: Progress | None = None
    kept: tuple[Kept, ...] = ()
    verdict: Verdict | None = None
    assets: tuple[Asset, ...] = ()
    error: str = ""
    finished: datetime | None = None


class Claims(Value):
    """What the content credentials of one picture say."""

    job: UUID
    gen_id: str
    made: datetime
    model: str
    template_digest: str
    fingerprint: str
    watermark_id: str = ""  # empty: no mark could be read back, so none is claimed
    branded: bool = False
    brand_sha256: str = ""
    credits: Credits = Credits()


class InstanceStatus(Value):
    """One ComfyUI, as operators see it."""

    name: str
    url: str
    usable: bool
    state: str  # "starting", "ready", or what is wrong
    device: str = ""  # "cpu", "cuda:0 NVIDIA …"
    running: int = 0  # runs of ours under way there


class Credentials(Value):
    """What was read from the content credentials of a picture, by whomever they were made."""

    present: bool
    state: str = ""  # of present ones: Trusted, Valid (by a signer we don't know) or Invalid
    failures: tuple[str, ...] = ()  # C2PA status codes
    signer: str = ""  # organization in the signing certificate
    ours: bool = False  # trusted, and signed in the name of this service
    title: str = ""
    claims: Mapping[str, str] = {}  # name -> what is claimed: `generator`, `job`, `author`, …
