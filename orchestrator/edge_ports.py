"""What the edges of the service need: its door, the sender of webhooks, the catalog.

An adapter maps foreign exceptions to those of `errors` at its edge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from orchestrator.models import Caller, Delivery, Job, Version, WeightFacts


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


@dataclass(frozen=True)
class Place:
    """Where a waiting job stands."""

    position: int  # 1 is next
    wait: float | None = None  # seconds, estimated; None: nothing to estimate it from


class Outlook(Protocol):
    async def place(self, job: Job) -> Place:
        """Where a waiting job stands. Cheap: an estimate that is kept for a moment."""


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
