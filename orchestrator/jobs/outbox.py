"""Deliveries in the database of the jobs: due from the moment in which their job ends."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from orchestrator.errors import Conflict, NotFound
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database, Row
from orchestrator.jobs.news import told
from orchestrator.jobs.rows import moment
from orchestrator.models import Delivery, DeliveryState, Job

logger = logging.getLogger(__name__)

DUE = "deliveries"  # told when one may have become due
LISTED = 200  # deliveries at most
CUT_SHORT = "The last try was cut short"


@dataclass(frozen=True)
class DeliveryLimits:
    """Eight tries within 24 hours: the first at once, the others after these delays."""

    delays: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=4),
        timedelta(hours=7),
        timedelta(hours=9),
    )
    jitter: float = 0.05  # a delay is longer by up to this share, so that not all come together
    lease: timedelta = timedelta(seconds=60)
    per_host: int = 4  # deliveries that are sent to one host at the same time, by all processes

    @property
    def tries(self) -> int:
        return 1 + len(self.delays)


class JobOutbox:
    """The port Outbox, and what the command line does. Any number of processes may share one."""

    def __init__(
        self,
        database: Database,
        limits: DeliveryLimits | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._limits = limits or DeliveryLimits()
        self._clock = clock

    async def claim(self) -> Delivery | None:
        """See `edge_ports.Outbox`."""
        while rows := await self._claim_row():
            delivery = delivery_of(rows[0])
            if delivery.tries <= self._limits.tries:
                return delivery
            await self.failed(delivery, CUT_SHORT, final=True)
        return None

    async def _claim_row(self) -> list[Row]:
        now = self._clock()
        lease_end = now + self._limits.lease.total_seconds()
        claim = {"now": now, "per_host": self._limits.per_host, "lease_end": lease_end}
        return await self._database.write(statements.CLAIM_DELIVERY, claim, alone="delivery")

    async def delivered(self, delivery: Delivery) -> None:
        """See `edge_ports.Outbox`."""
        await self._record(delivery.evolve(state=DeliveryState.DELIVERED, error=""))

    async def failed(self, delivery: Delivery, reason: str, *, final: bool = False) -> None:
        """See `edge_ports.Outbox`."""
        if final or delivery.tries >= self._limits.tries:
            dead = delivery.evolve(state=DeliveryState.DEAD, error=reason)
            logger.warning("webhook %s to %s is given up: %s", dead.id, dead.host, reason)
            await self._record(dead)
            return
        delay = self._limits.delays[delivery.tries - 1].total_seconds()
        delay *= random.uniform(1, 1 + self._limits.jitter)  # noqa: S311  nobody gains by a guess
        again = delivery.evolve(state=DeliveryState.PENDING, error=reason)
        await self._record(again, due=self._clock() + delay)

    async def release(self, delivery: Delivery, *, delay: timedelta) -> None:
        """See `edge_ports.Outbox`."""
        untried = delivery.evolve(state=DeliveryState.PENDING)
        await self._record(
            untried, due=self._clock() + delay.total_seconds(), tries=delivery.tries - 1
        )

    async def _record(
        self, delivery: Delivery, *, due: float | None = None, tries: int | None = None
    ) -> None:
        """Nothing happens if the lease has run out and somebody else has begun the next try."""
        row = {
            "id": delivery.id,
            "state": delivery.state.value,
            "error": delivery.error,
            "tried": delivery.tries,
            "tries": delivery.tries if tries is None else tries,
            "due": due,
            "now": self._clock(),
        }
        await self._database.write(statements.RECORD_DELIVERY, row, news=[DUE])

    async def due(self, *, within: timedelta) -> None:
        """See `edge_ports.Outbox`."""
        changed = self._database.news.about(DUE)  # before the look: no change falls between
        now = self._clock()
        look = {"now": now, "per_host": self._limits.per_host}
        [row] = await self._database.read(statements.NEXT_DELIVERY, look)
        if row["ready"]:
            return
        if row["due"] is not None:
            within = min(within, timedelta(seconds=row["due"] - now))
        await told(changed, within=within)

    async def list(self, *, dead: bool) -> list[Delivery]:
        """The latest, those that were given up or all that are due or were sent."""
        rows = await self._database.read(statements.DELIVERIES, {"dead": dead, "longest": LISTED})
        return [delivery_of(row) for row in rows]

    async def retry(self, delivery_id: str) -> None:
        """Begin with all its tries anew, at once. Raises NotFound: none, or its job goes on;
        Conflict: a try is under way, which must stay the only one of its number."""
        row = {"id": delivery_id, "now": self._clock()}
        if await self._database.write(statements.RETRY_DELIVERY, row, news=[DUE]):
            return
        if await self._database.read(statements.SENDING, {"id": delivery_id}):
            raise Conflict(f"The webhook {delivery_id} is being sent")
        raise NotFound(f"There is no webhook {delivery_id} that could be sent")


def new_delivery(job: Job, *, now: float) -> Row:
    """The row that is written with a job that has a webhook."""
    url, ended = job.request.webhook_url, job.status.final
    return {
        "id": f"msg_{job.id.hex}",
        "job_id": str(job.id),
        "key_id": job.key_id,
        "url": url,
        "host": urlsplit(url).hostname or "",
        "state": DeliveryState.PENDING if ended else DeliveryState.HELD,
        "due": now if ended else None,
        "now": now,
    }


def delivery_of(row: Row) -> Delivery:
    times = {
        "due": None if row["due"] is None else moment(row["due"]),
        "changed": moment(row["changed"]),
    }
    return Delivery.model_validate({k: v for k, v in row.items() if k != "host"} | times)
