"""A short in-memory twin for each port, scriptable, that keeps a diary of what happened."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orchestrator.errors import Fenced
from orchestrator.models import (
    Artifact,
    Asset,
    Caller,
    Character,
    Claims,
    Facts,
    Finding,
    Format,
    Job,
    Model,
    PictureName,
    Progress,
    Request,
    Shelf,
    Status,
    Style,
    Template,
    Texts,
    Verdict,
)
from orchestrator.ports import NO_PICTURES, Guide, Policy, Ports

PAINTER = {"class_type": "ImgenDemoPainter", "inputs": {"positive": "{{ positive }}"}}
OUTPUT = {"class_type": "ImgenOutput", "inputs": {"image": ["1", 0]}}
SAMPLER = {"class_type": "KSampler", "inputs": {}}
STYLE = Style(key="plain", label="Plain", quality="sharp")


def model(key: str, template: str = "painted", **more: object) -> Model:
    return Model.model_validate(
        {
            "key": key,
            "label": key.title(),
            "template": template,
            "default_style": "plain",
            "styles": {"plain": STYLE},
            **more,
        }
    )


SHELF = Shelf(
    models={"demo": model("demo"), "learned": model("learned", "sampled")},
    characters={"aya": Character(name="aya", trigger="aya person")},
    templates={
        "painted": Template(name="painted", graph={"1": PAINTER, "2": OUTPUT}, digest="d1"),
        "sampled": Template(name="sampled", graph={"1": SAMPLER, "2": OUTPUT}, digest="d2"),
    },
)
CALLER = Caller(key_id="k")
REQUEST = Request(prompt="@aya red coat, snowy street, -umbrella", seed=1)


class Crash(BaseException):
    """The process dies here."""


class World:
    """All twins, one diary, and a fault that strikes before the entry it names."""

    def __init__(self) -> None:
        self.diary: list[str] = []
        self.crash_at: str | None = None
        self.crash_with: BaseException = Crash()
        self.shelf_now = SHELF
        self.jobs: dict[UUID, Job] = {}
        self.cached: Job | None = None
        self.hits: dict[UUID, Job] = {}
        self.files: dict[str, bytes] = {}
        self.unsafe: dict[str, tuple[Finding, ...]] = {}  # by "screen" or "review"
        self.floor = False
        self.ruleset_digest = "r"
        self.unreviewed = False
        self.eyes = True
        self.markable = True
        self.missing_nodes: dict[str, str] = {}
        self.enhanced = "richer red coat"
        self.signatures = 0  # no two are the same
        self.parents: list[bytes | None] = []

    def note(self, entry: str) -> None:
        if self.crash_at == entry:
            self.crash_at = None
            raise self.crash_with
        self.diary.append(entry)

    @property
    def ports(self) -> Ports:
        return Ports(
            policy=Policy(),
            catalog=self,
            audit=self,
            ledger=self,
            queue=self,  # type: ignore[arg-type]  no pipeline claims
            compliance=self,
            marks=_Marks(self),
            signer=self,
            storage=_Storage(self),
            enhancer=self,
            cache=_Cache(self),
            hits=_Hits(self),
        )

    def shelf(self) -> Shelf:
        return self.shelf_now

    def fault(self, template: Template) -> str:
        return self.missing_nodes.get(template.name, "")

    async def accept(self, job: Job, *, reservation: str = "") -> None:
        self.note("accept")
        self.jobs[job.id] = job

    async def get(self, job_id: UUID) -> Job | None:
        return self.jobs.get(job_id)

    async def save(self, job: Job) -> None:
        if self.jobs[job.id].status.final:
            raise Fenced
        self.note("save")
        self.jobs[job.id] = job

    async def cancel(self, job_id: UUID) -> None:
        self.jobs[job_id] = self.jobs[job_id].evolve(status=Status.CANCELLED)

    async def changed(self, job_id: UUID, *, within: timedelta) -> bool:
        return False

    async def screen(self, texts: Mapping[str, str], *, ruleset: str) -> Verdict:
        self.note("screen")
        self.screened = dict(texts)
        return self._verdict("screen", ruleset)

    async def review(
        self, pictures: Sequence[bytes], *, request: Request, texts: Texts, procedural: bool
    ) -> Verdict:
        self.note("review")
        return self._verdict("review", request.ruleset)

    def _verdict(self, step: str, ruleset: str) -> Verdict:
        findings = self.unsafe.get(step, ())
        return Verdict(
            safe=not findings,
            ruleset=ruleset,
            ruleset_digest=self.ruleset_digest,
            reviewers=("twin@1",),
            findings=findings,
            floor=self.floor,
            unreviewed=self.unreviewed and step == "review",
            at=datetime.now(UTC),
        )

    def resolve(self, ruleset: str, *, allowed: frozenset[str]) -> str:
        return ruleset if ruleset in allowed else "default"

    def has_eyes(self) -> bool:
        return self.eyes

    def somebody_looks(self) -> bool:
        return self.eyes

    def faults(self) -> tuple[str, ...]:
        return ()

    async def sign(
        self, picture: bytes, form: Format, claims: Claims, *, parent: bytes | None = None
    ) -> bytes:
        self.note("sign")
        self.claims = claims
        self.signatures += 1
        self.parents.append(parent)
        return b"signed %d " % self.signatures + picture

    async def enhance(self, text: str, *, guide: Guide) -> str:
        self.note("enhance")
        return self.enhanced


class _Marks:
    def __init__(self, world: World) -> None:
        self._world = world

    def payload(self, watermark_id: str) -> str:
        return watermark_id + "00000000"

    async def read(self, picture: bytes) -> str | None:
        return picture.decode().rpartition(" ")[2] if self._world.markable else None


class _Storage:
    def __init__(self, world: World) -> None:
        self._world = world

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        self._world.note(f"put {key.partition('/')[0]}")
        self._world.files.setdefault(key, data)

    async def get(self, key: str) -> bytes | None:
        return self._world.files.get(key)

    async def has(self, key: str) -> bool:
        return key in self._world.files

    async def delete(self, key: str) -> None:
        self._world.note(f"delete {key.partition('/')[0]}")
        for name in [n for n in self._world.files if n == key or n.startswith(f"{key}/")]:
            del self._world.files[name]

    def link(self, asset: Asset, *, lifetime: timedelta) -> str:
        return asset.key


class _Cache:
    def __init__(self, world: World) -> None:
        self._world = world

    async def find(self, job: Job) -> Job | None:
        self._world.note("find")
        return self._world.cached

    async def remember(self, job: Job) -> None:
        self._world.note("remember")


class _Hits:
    def __init__(self, world: World) -> None:
        self._world = world

    async def add(self, hit: Job, *, reservation: str = "") -> None:
        self._world.note("hand out")
        self._world.hits[hit.id] = hit

    async def get(self, hit_id: UUID) -> Job | None:
        return self._world.hits.get(hit_id)


class Slot:
    """A run that gives one artifact; its bytes end in the id that was asked to be marked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.holds = ""
        self.freed = False

    def assign(self, job: Job) -> None:
        self.holds = job.plan.checkpoint

    @asynccontextmanager
    async def run(
        self,
        job: Job,
        *,
        report: Callable[[Progress], None],
        pictures: Mapping[PictureName, bytes] = NO_PICTURES,
    ) -> AsyncIterator[Sequence[Artifact]]:
        self._world.note("run")
        self.pictures = dict(pictures)
        report(Progress(step=1, steps=2, node="painter"))
        facts = Facts(
            width=8, height=8, format=Format.JPEG, fingerprint="ab" * 32, fingerprint_quality=90
        )
        name = f"run {job.attempt} {job.plan.watermark_id}".encode()
        yield [Artifact(picture=b"picture " + name, thumbnail=b"thumbnail " + name, facts=facts)]
        self._world.note("forget the run")

    def free(self) -> None:
        self.freed = True
