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
    Caller,
    Claims,
    Delivery,
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
    Version,
    WeightFacts,
)

NO_PICTURES: Mapping[PictureName, bytes] = MappingProxyType({})


class Catalog(Protocol):
    def shelf(self) -> Shelf:
        """What is offered now. Cheap: the answer is kept and replaced as a whole."""


class WeightSource(Protocol):
    """Where weights lie: the models folder of this host, or those of all hosts that run jobs."""

    def look(self) -> Mapping[str, WeightFacts]:
        """What lies there now, by path below the models folder; the same object as before if
        nothing has changed. Blocks."""

    async def compare(self) -> None:
        """Find out which of the files have the same content, which later looks then tell. May
        take long."""


class Published(Protocol):
    """Files of the workflows folder that the operator's people have published. They reach every
    process within seconds."""

    async def publish(
        self, path: str, content: str | None, *, author: str, replaces: str | None = None
    ) -> Version:
        """Durable when it returns. `path` is below the workflows folder; None deletes the file.
        `replaces` is the digest of the only version that may be replaced; empty: there is none.
        Raises InvalidField (no such path can be published), Rejected (the faults of the content),
        PreconditionFailed (another version is there), StorageFull, Unavailable."""

    async def history(self, path: str) -> Sequence[Version]:
        """Newest first; empty if the file was never published."""

    async def content(self, path: str, number: int) -> str | None:
        """Of one version; None if it deletes the file. Raises NotFound."""


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


@dataclass(frozen=True)
class Place:
    """Where a waiting job stands."""

    position: int  # 1 is next
    wait: float | None = None  # seconds, estimated; None: nothing to estimate it from


class Outlook(Protocol):
    async def place(self, job: Job) -> Place:
        """Where a waiting job stands. Cheap: an estimate that is kept for a moment."""


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


class Keys(Protocol):
    async def caller(self, secret: str) -> Caller:
        """Count one request of this key. Raises InvalidKey, KeyDisabled."""


@dataclass(frozen=True)
class Reservation:
    token: str
    job_id: UUID | None = None  # what an earlier request of the same name was answered with


class Rate(Protocol):
    async def take(self, name: str) -> None:
        """Count one request of this name. Raises RateLimited; Unavailable if nobody can count."""


class Repetitions(Protocol):
    """Requests that the caller has named, so that it may repeat them without harm."""

    async def reserve(self, key_id: str, name: str, *, body: str) -> Reservation:
        """Raises IdempotencyConflict (the name was used with another body), RequestUnderWay."""

    async def give_up(self, token: str) -> None:
        """The request was refused; it may be repeated as if it had never been."""


class Outbox(Protocol):
    """Deliveries that are due. One is sent at least once, and each of its tries is counted."""

    async def claim(self) -> Delivery | None:
        """The next that is due, leased, its try counted. None: nothing may be sent now."""

    async def delivered(self, delivery: Delivery) -> None: ...

    async def failed(self, delivery: Delivery, reason: str, *, final: bool = False) -> None:
        """It is tried again later, unless this was the last try or is meant to be."""

    async def release(self, delivery: Delivery, *, delay: timedelta) -> None:
        """This try has not been: the delivery is due again after the delay."""

    async def due(self, *, within: timedelta) -> None:
        """Return when a delivery may have become due, or after `within`."""


class WebhookSecrets(Protocol):
    async def of(self, key_id: str) -> tuple[str, ...]:
        """`whsec_…`, newest first; each signs. Empty if the key is gone."""


class UrlGuard(Protocol):
    """Holds URLs that callers give against where they may lead."""

    def fault(self, url: str) -> str:
        """Why the URL can't be used; empty if it can, as far as that is seen without looking up
        its name."""


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


@dataclass(frozen=True)
class CacheStats:
    usable: bool
    entries: int
    hits: int  # of this process, since it started
    misses: int
    failures: int  # look-ups and entries that failed or took too long
    waiting: int  # pictures that are yet to be entered


class CacheControl(Protocol):
    """For operators. Raises Unavailable where the index can't be used."""

    async def stats(self) -> CacheStats: ...

    async def clear(self) -> None:
        """No picture that has been made until now is handed out any more."""

    async def reindex(self) -> None:
        """Begin again from the job records, in the background."""


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
