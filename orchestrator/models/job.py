"""One request, pinned, and all that comes of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from orchestrator.models.request import Format, Request, Texts
from orchestrator.models.review import Verdict
from orchestrator.models.value import Graph, Value


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
    weights: tuple[str, ...] = ()  # files that it needs, by path below the models folder
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
    character_digest: str = ""
    unenhanced: str | None = None  # the positive text before it was made richer, if it was
    run_limit: float | None = None  # seconds that a run may take; else the service's own limit

    @property
    def asked(self) -> str:
        """The positive text as the caller wrote it."""
        return self.prompt.positive if self.unenhanced is None else self.unenhanced


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
    error: str = ""  # what went wrong, for operators
    reason: str = ""  # the same for the caller, who need not know all
    finished: datetime | None = None
    source: UUID | None = None  # of a hit of the cache: the job that has made the picture

    @property
    def safe(self) -> bool:
        """Whether it was judged, and nothing is held against it."""
        return self.verdict is not None and self.verdict.safe

    @property
    def cleared(self) -> bool:
        """Whether it has ended with a whole picture that may be shown to everybody."""
        return self.safe and self.status is Status.COMPLETED and bool(self.assets)

    def assets_of(self, kept: Kept) -> tuple[Asset, Asset]:
        """The signed picture and its thumbnail, known before they are stored. What is not known to
        be safe goes under a private prefix."""
        form = kept.facts.format
        folder = "assets" if self.safe else "blocked"
        name = f"{self.plan.gen_id}_{kept.facts.fingerprint}_{self.kept.index(kept) + 1:05}"
        stem = f"{folder}/{name[:2]}/{name}"
        kinds = {AssetKind.SIGNED: stem, AssetKind.THUMBNAIL: f"{stem}_thumb"}
        picture, thumbnail = (
            Asset(kind=kind, key=f"{key}.{form.extension}", content_type=form.content_type)
            for kind, key in kinds.items()
        )
        return picture, thumbnail
