"""Sends what is due: each delivery at least once, perhaps twice after a crash, with the same id."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from orchestrator.edge_ports import Outbox, WebhookSecrets
from orchestrator.errors import DeliveryFailed, ImgenError, Unavailable, Undeliverable
from orchestrator.models import Delivery, Job
from orchestrator.outbound.signature import headers
from orchestrator.ports import Ledger

log = logging.getLogger(__name__)

IDLE = timedelta(seconds=5)  # without news, look for deliveries this often
BACK_OFF = timedelta(seconds=2)  # when the database can't be read
AT_ONCE = 32  # deliveries of one process


class Posted(Protocol):
    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes) -> None:
        """Raises DeliveryFailed, Undeliverable."""


@dataclass(frozen=True)
class Sender:
    outbox: Outbox
    ledger: Ledger
    secrets: WebhookSecrets
    post: Posted
    describe: Callable[[Job], dict[str, Any]]  # an ended job, as its dialect shows it now

    async def run(self) -> None:
        """Until cancelled; what is being sent then is due again at once."""
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as sending:
            while True:
                await room.acquire()
                delivery = await self._next()
                task = sending.create_task(self._send(delivery))
                task.add_done_callback(lambda _: room.release())

    async def _next(self) -> Delivery:
        while True:
            try:
                if delivery := await self.outbox.claim():
                    return delivery
                await self.outbox.due(within=IDLE)
            except ImgenError as error:
                log.warning("no webhook can be sent, trying again: %s", error)
                await asyncio.sleep(BACK_OFF.total_seconds())

    async def _send(self, delivery: Delivery) -> None:
        try:
            await self._try(delivery)
        except asyncio.CancelledError:
            await self._record(delivery, self.outbox.release(delivery, delay=timedelta()))
            raise
        except Unavailable as error:  # what there is to send can't be read
            log.warning("webhook %s has to wait: %s", delivery.id, error)
            await self._record(delivery, self.outbox.release(delivery, delay=BACK_OFF))
        except DeliveryFailed as error:
            final = isinstance(error, Undeliverable)
            log.info("webhook %s to %s: %s", delivery.id, delivery.host, error.message)
            await self._record(delivery, self.outbox.failed(delivery, error.message, final=final))
        except Exception as error:  # one delivery's fault must not stop the others
            log.exception("webhook %s", delivery.id)
            await self._record(delivery, self.outbox.failed(delivery, type(error).__name__))
        else:
            await self._record(delivery, self.outbox.delivered(delivery))

    async def _record(self, delivery: Delivery, recording: Coroutine[Any, Any, None]) -> None:
        """What can't be recorded is sent once more when its lease has run out."""
        try:
            await recording
        except ImgenError as error:
            log.warning("webhook %s may be repeated: %s", delivery.id, error)

    async def _try(self, delivery: Delivery) -> None:
        job = await self.ledger.get(delivery.job_id)
        secrets = await self.secrets.of(delivery.key_id)
        if job is None or not secrets:
            raise Undeliverable("Its job or its API key is gone")
        body = message(job, self.describe(job))
        signed = headers(delivery.id, body, secrets=secrets, now=time.time())
        await self.post.send(delivery.url, headers=signed, body=body)


def message(job: Job, data: dict[str, Any]) -> bytes:
    """What is sent: type and time of the event, and the job."""
    event = {
        "type": f"job.{job.status.lower()}",
        "timestamp": job.finished.isoformat() if job.finished else None,
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()
