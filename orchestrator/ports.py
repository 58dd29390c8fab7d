"""All that the core needs of the world, on one page.

An adapter maps foreign exceptions to those of `errors` at its edge.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, Protocol
from uuid import UUID

from orchestrator.models import (
    Artifact,
    Asset,
    Claims,
    Format,
    InstanceStatus,
    Job,
    PictureName,
    Progress,
    Request,
    Shelf,
    Template,
    Texts,
    Verdict,
)

NO_PICTURES: Mapping[PictureName, bytes] = MappingProxyType({})


class Catalog(Protocol):
    def shelf(self) -> Shelf:
        """What is offered now. Cheap: the answer is kept and replaced as a whole."""


class Audit(Protocol):
    def fault(self, template: Template) -> str:
        """Why the instances can't run the template; empty if they can. Cheap when repeated."""


class Ledger(Protocol):
    """The durable record of jobs."""

    async def accept(self, job: Job, *, reservation: str = "") -> None:
        """Durable when it returns, together with the answer to the request that has reserved it.
        Raises QueueFull, StorageFull; RequestUnderWay if the reservation is somebody else's now."""

    async def get(self, job_id: UUID) -> Job | None: ...

    async def save(self, job: Job) -> None:
        """Record how far a claimed job has come. Raises Fenced if it is no longer its owner's."""

    async def cancel(self, job_id: UUID) -> None:
        """End a job that has not ended; nothing happens to one that has."""

    async def changed(self, job_id: UUID, *, within: timedelta) -> bool:
        """Wait until the job is ended, by anybody; False when the time is over first. News may be
        missed: ask the record."""


class Queue(Protocol):
    """The same rows, seen by those who work on them."""

    async def claim(self, owner: str, *, holds: str) -> Job | None:
        """The next ready job, leased to the owner, its attempt counted. None: nothing is ready.
        One for the checkpoint that is held comes first among those that may wait a little."""

    async def renew(self, job: Job) -> None:
        """Lengthen the lease and record the progress. Raises Fenced."""

    async def give_back(self, job: Job, *, delay: timedelta) -> None:
        """Put an unfinished job back, to be ready again after the delay. Raises Fenced."""

    async def ready(self, *, within: timedelta) -> None:
        """Return when a job may have become ready, or after `within`."""


class Slot(Protocol):
    """Room for one run on one ComfyUI instance."""

    @property
    def holds(self) -> str:
        """The checkpoint that the instance has loaded, or will have by the time of the run."""

    def assign(self, job: Job) -> None:
        """The job is going to run here, or where its checkpoint is held and as much room is."""

    def run(
        self,
        job: Job,
        *,
        report: Callable[[Progress], None],
        pictures: Mapping[PictureName, bytes] = NO_PICTURES,
    ) -> AbstractAsyncContextManager[Sequence[Artifact]]:
        """Run the job's graph, or re-attach to the run that is already under way there. The
        pictures are those that came with the request, as PNG files.

        The artifacts stay on the instance until the block ends without an exception. The slot
        is free again as soon as the executor is done, before the bytes are fetched.
        Raises RunFailed, RunLost, RunTimedOut, InstanceUnusable.
        """

    def free(self) -> None:
        """Give the room back; once given back, nothing happens."""


class InstanceView(Protocol):
    """How the instances are, here or on other hosts."""

    def outage(self) -> timedelta:
        """How long there has been no usable instance; zero while there is one."""

    def status(self) -> Sequence[InstanceStatus]: ...


class Instances(InstanceView, Protocol):
    async def slot(self) -> Slot:
        """Wait for room on a usable instance."""


class Compliance(Protocol):
    async def screen(self, texts: Mapping[str, str], *, ruleset: str) -> Verdict:
        """Judge texts (name -> text). An unknown ruleset means `default`. Raises ReviewFailed."""

    async def review(
        self, pictures: Sequence[bytes], *, request: Request, texts: Texts, procedural: bool
    ) -> Verdict:
        """Judge finished pictures by `request.ruleset`. `procedural`: no learned model took part.
        Raises ReviewFailed: then nothing is safe."""

    def resolve(self, ruleset: str, *, allowed: frozenset[str]) -> str:
        """The ruleset of that name if it exists and may be named, else `default`."""

    def has_eyes(self) -> bool:
        """Whether pictures of a learned model may be made at all: somebody looks at them, or
        the operator has said that nobody need."""

    def somebody_looks(self) -> bool:
        """Whether a reviewer is there who sees what is in a picture."""

    def faults(self) -> Sequence[str]:
        """Of the files that reviewers go by, as `file: line: field: reason`."""


class Marks(Protocol):
    """The invisible mark: 64-bit id and keyed 32-bit MAC. The key stays with the orchestrator."""

    def payload(self, watermark_id: str) -> str:
        """The 96 bits to embed, as 24 hex digits."""

    async def read(self, picture: bytes) -> str | None:
        """The id in the pixels if its MAC is ours, else None."""


class Signer(Protocol):
    async def sign(
        self, picture: bytes, form: Format, claims: Claims, *, parent: bytes | None = None
    ) -> bytes:
        """The same picture with content credentials. `parent` is the signed picture that a
        thumbnail was made from. Raises SigningFailed."""


class Storage(Protocol):
    """Bytes under keys such as `assets/ab/abc_00001.jpg`. Public keys are handed out by link.

    Everything raises StorageFailed for what can't be a key; StorageFull and StorageUnavailable mean
    that the same may work later.
    """

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Write once, whole and durable: a key that exists is left as it is."""

    async def get(self, key: str) -> bytes | None: ...

    async def has(self, key: str) -> bool: ...

    async def delete(self, key: str) -> None:
        """Remove a key, or all keys below it (`spool/JOB`); nothing happens if there is none."""

    def link(self, asset: Asset, *, lifetime: timedelta) -> str:
        """An absolute URL that works until the lifetime is over."""


@dataclass(frozen=True)
class Guide:
    """What an enhancer is told besides the text. All of it is the operator's, but for `avoid`."""

    instruction: str = ""  # to a language model
    style: str = ""  # the words that the style adds by itself
    facets: tuple[tuple[str, ...], ...] = ()  # lists of words: light, mood, …
    avoid: tuple[str, ...] = ()  # the caller's negative terms


class Enhancer(Protocol):
    async def enhance(self, text: str, *, guide: Guide) -> str:
        """A richer description of the same picture, or the same. Raises EnhancementFailed."""


class Cache(Protocol):
    async def find(self, job: Job) -> Job | None:
        """An earlier job whose picture will do for this one, seen to be in the records, cleared
        and in storage. The verdict of `job` is that of its prompt. Never raises: what fails is
        logged, and what takes too long is a miss."""

    async def remember(self, job: Job) -> None:
        """Offer a safe picture for reuse. Never raises: what fails is logged."""


class Hits(Protocol):
    """Pictures of the cache that were handed out; each is kept while the request for it may be
    repeated."""

    async def add(self, hit: Job, *, reservation: str = "") -> None:
        """Durable when it returns, together with the answer to the request that has reserved it.
        Raises RequestUnderWay, StorageFull, Unavailable."""

    async def get(self, hit_id: UUID) -> Job | None: ...


@dataclass(frozen=True)
class Policy:
    """What the operator has decided about the flow."""

    unknown_character: Literal["refuse", "ignore"] = "refuse"
    longest_prompt: int = 4000  # characters


class Offering(Protocol):
    """Those of the ports that decide what is offered."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def compliance(self) -> Compliance: ...


@dataclass(frozen=True)
class Ports:
    """One adapter for each need. Made by `wiring` and by tests."""

    policy: Policy
    catalog: Catalog
    audit: Audit
    ledger: Ledger
    queue: Queue
    compliance: Compliance
    marks: Marks
    signer: Signer
    storage: Storage
    enhancer: Enhancer
    cache: Cache
    hits: Hits
