"""Adapters that tell what passes through them, and change nothing."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import UUID

from orchestrator.metrics.metrics import Metrics
from orchestrator.models import Artifact, InstanceStatus, Job, PictureName, Progress
from orchestrator.ports import NO_PICTURES, Instances, Ledger, Slot


class ObservedLedger:
    """The port Ledger of a worker: tells of the jobs that it ends."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger = ledger
        self._metrics = metrics

    async def accept(self, job: Job, *, reservation: str = "") -> None:
        await self._ledger.accept(job, reservation=reservation)

    async def get(self, job_id: UUID) -> Job | None:
        return await self._ledger.get(job_id)

    async def save(self, job: Job) -> None:
        await self._ledger.save(job)
        if job.status.final:
            self._metrics.ended(job)

    async def cancel(self, job_id: UUID) -> None:
        await self._ledger.cancel(job_id)

    async def changed(self, job_id: UUID, *, within: timedelta) -> bool:
        return await self._ledger.changed(job_id, within=within)


class ObservedInstances:
    """The port Instances of a worker: tells how long runs take."""

    def __init__(self, instances: Instances, metrics: Metrics) -> None:
        self._instances = instances
        self._metrics = metrics

    def outage(self) -> timedelta:
        return self._instances.outage()

    def status(self) -> Sequence[InstanceStatus]:
        return self._instances.status()

    async def slot(self) -> Slot:
        return _ObservedSlot(await self._instances.slot(), self._metrics)


class _ObservedSlot:
    def __init__(self, slot: Slot, metrics: Metrics) -> None:
        self._slot = slot
        self._metrics = metrics

    @property
    def holds(self) -> str:
        return self._slot.holds

    def assign(self, job: Job) -> None:
        self._slot.assign(job)

    def free(self) -> None:
        self._slot.free()

    @asynccontextmanager
    async def run(
        self,
        job: Job,
        *,
        report: Callable[[Progress], None],
        pictures: Mapping[PictureName, bytes] = NO_PICTURES,
    ) -> AsyncIterator[Sequence[Artifact]]:
        """What comes after the pictures are here is no part of the run."""
        begun = time.monotonic()
        async with AsyncExitStack() as stack:
            try:
                artifacts = await stack.enter_async_context(
                    self._slot.run(job, report=report, pictures=pictures)
                )
            except Exception:
                self._metrics.ran(time.monotonic() - begun, failed=True)
                raise
            self._metrics.ran(time.monotonic() - begun, failed=False)
            yield artifacts
