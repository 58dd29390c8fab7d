"""Takes jobs, brings each to its end through the pipeline and keeps its record true."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.errors import (
    Fenced,
    ImgenError,
    InstanceUnusable,
    OutOfMemory,
    RunTimedOut,
    Unavailable,
    WeightsGone,
)
from orchestrator.models import Job, Progress, Status
from orchestrator.pipeline import fulfil
from orchestrator.ports import Instances, Ports, Slot

log = logging.getLogger(__name__)

IDLE = timedelta(seconds=5)  # without a wake-up, look for work this often
BEAT = timedelta(seconds=0.5)  # progress is recorded this often
RENEWAL = timedelta(seconds=4)  # a lease is 15 s: two renewals may fail
BACK_OFF = timedelta(seconds=2)  # before the second try; grows with each
LONGEST_BACK_OFF = timedelta(seconds=30)


@dataclass(frozen=True)
class Worker:
    ports: Ports
    instances: Instances
    owner: str  # names this process among all that claim
    failures: int  # after so many failed tries a job is FAILED

    async def run(self) -> None:
        """Work until cancelled; what is under way then is given back."""
        async with asyncio.TaskGroup() as jobs:
            while True:
                slot = await self.instances.slot()
                try:
                    job = await self._next_job(slot)
                except BaseException:
                    slot.free()
                    raise
                slot.assign(job)
                jobs.create_task(self._work(job, slot), name=f"job {job.id}")

    async def _next_job(self, slot: Slot) -> Job:
        while True:
            try:
                if job := await self.ports.queue.claim(self.owner, holds=slot.holds):
                    return job
                await self.ports.queue.ready(within=IDLE)
            except ImgenError as error:
                log.warning("no job can be claimed, trying again: %s", error)
                await asyncio.sleep(BACK_OFF.total_seconds())

    async def _work(self, job: Job, slot: Slot) -> None:
        lease = Lease(job, self.ports)
        try:
            await lease.held_during(fulfil(job, slot, self.ports, report=lease.report))
        except Fenced:
            log.info("job %s is no longer ours", job.id)
            await self._end_try(job, self._clear_up(job))
        except asyncio.CancelledError:
            await self._end_try(job, self._give_back(job, delay=timedelta()))
            raise
        except (InstanceUnusable, Unavailable) as error:  # no fault of the job
            log.warning("job %s has to wait: %s", job.id, error)
            delay = min(BACK_OFF * job.attempt, LONGEST_BACK_OFF)
            await self._end_try(job, self._give_back(job, delay=delay))
        except Exception as error:  # one job's fault, foreseen or not, must not stop the others
            log.warning("job %s: %s", job.id, error, exc_info=not isinstance(error, ImgenError))
            await self._end_try(job, self._retry_or_fail(job, error))
        finally:
            slot.free()

    async def _end_try(self, job: Job, ending: Coroutine[Any, Any, None]) -> None:
        """A record that can't be written now stays leased, and is claimed again later."""
        try:
            await ending
        except Fenced:
            log.info("job %s is no longer ours", job.id)
        except ImgenError:
            log.exception("job %s: its lease will run out", job.id)

    async def _clear_up(self, job: Job) -> None:
        """We may have put pictures into the spool after the next owner had emptied it."""
        found = await self.ports.ledger.get(job.id)
        if found is None or found.status.final:
            await self.ports.storage.delete(f"spool/{job.id}")

    async def _give_back(self, job: Job, *, delay: timedelta) -> None:
        await self.ports.queue.give_back(await self._recorded(job), delay=delay)

    async def _retry_or_fail(self, job: Job, error: Exception) -> None:
        recorded = await self._recorded(job)
        failed = recorded.evolve(
            failures=recorded.failures + 1,
            error=str(error)[:1000],
            reason=error.reason[:1000] if isinstance(error, ImgenError) else "",
        )
        if isinstance(error, RunTimedOut):
            await self._end(failed, Status.TIMED_OUT)
        elif isinstance(error, OutOfMemory | WeightsGone) or failed.failures >= self.failures:
            await self._end(failed, Status.FAILED)
        else:
            await self.ports.queue.give_back(failed, delay=BACK_OFF * failed.failures)

    async def _recorded(self, job: Job) -> Job:
        """The job as its record has it now, still under the fence of the claim."""
        recorded = await self.ports.ledger.get(job.id)
        if recorded is None:
            raise Fenced
        return recorded.evolve(owner=job.owner, attempt=job.attempt)

    async def _end(self, job: Job, status: Status) -> None:
        await self.ports.ledger.save(
            job.evolve(status=status, finished=datetime.now(UTC), progress=None)
        )


class Lease:
    """Keeps a claimed job ours while work on it goes on."""

    def __init__(self, job: Job, ports: Ports) -> None:
        self._job = job
        self._queue = ports.queue
        self._ledger = ports.ledger
        self._progress: Progress | None = None

    def report(self, progress: Progress) -> None:
        self._progress = progress

    async def held_during(self, work: Coroutine[Any, Any, Job]) -> Job:
        """The work's own result. Raises Fenced, with the work cancelled, once the job is lost."""
        task = asyncio.create_task(work)
        renewing = asyncio.create_task(self._renew_regularly())
        try:
            await asyncio.wait({task, renewing}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await renewing  # raises what ended it
            return await task
        finally:
            renewing.cancel()
            task.cancel()
            await asyncio.gather(task, renewing, return_exceptions=True)

    async def _renew_regularly(self) -> None:
        clock = asyncio.get_running_loop().time
        recorded, renewed = None, clock()
        while True:
            ended = await self._ledger.changed(self._job.id, within=BEAT)
            due = clock() - renewed >= RENEWAL.total_seconds()
            if self._progress != recorded or due or ended:
                recorded, renewed = self._progress, clock()
                await self._renew(recorded)

    async def _renew(self, progress: Progress | None) -> None:
        try:
            await self._queue.renew(self._job.evolve(progress=progress))
        except Fenced:
            raise
        except ImgenError:
            log.exception("job %s: lease not renewed, trying again", self._job.id)
