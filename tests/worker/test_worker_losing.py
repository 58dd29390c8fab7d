"""A worker whose job is taken from it: cancelled, given back, lost to another."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from twins import World
from worker_samples import Instances, accepted, ended, until, until_free, working

from orchestrator import worker as worker_module
from orchestrator.jobs.ledger import JobLedger
from orchestrator.models import Job, Status
from orchestrator.ports import Ports


async def test_a_cancelled_job_stays_cancelled_and_frees_its_slot(
    ports: Ports, instances: Instances
) -> None:
    instances.hold = asyncio.Event()
    cancelled = await accepted(ports)
    async with working(ports, instances):
        await until(ports, cancelled, lambda found: found.progress is not None)
        await ports.ledger.cancel(cancelled.id)
        instances.hold.set()
        others = [await accepted(ports) for _ in range(3)]
        assert {(await ended(ports, job)).status for job in others} == {Status.COMPLETED}
    assert (await ended(ports, cancelled)).status is Status.CANCELLED


async def test_the_worker_of_a_cancelled_job_learns_at_once(
    ports: Ports, instances: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "BEAT", timedelta(seconds=60))
    instances.hold = asyncio.Event()
    cancelled = [await accepted(ports) for _ in range(2)]
    async with working(ports, instances):
        for job in cancelled:
            await until(ports, job, lambda found: found.status is Status.IN_PROGRESS)
            await ports.ledger.cancel(job.id)
        instances.hold = None  # for the next jobs; the cancelled ones hold on for ever
        assert (await ended(ports, await accepted(ports))).status is Status.COMPLETED


async def test_a_stopping_worker_gives_its_jobs_back(ports: Ports, instances: Instances) -> None:
    instances.hold = asyncio.Event()
    job = await accepted(ports)
    async with working(ports, instances):
        await until(ports, job, lambda found: found.status is Status.IN_PROGRESS)
    found = await ports.ledger.get(job.id)
    assert found
    assert (found.status, found.owner) == (Status.IN_QUEUE, "")


async def cancel(ledger: JobLedger, job: Job) -> None:
    await ledger.cancel(job.id)


async def delete(ledger: JobLedger, job: Job) -> None:
    gone = "DELETE FROM jobs WHERE id = :id RETURNING id"
    await ledger.database.write(gone, {"id": str(job.id)})


async def take_over(ledger: JobLedger, job: Job) -> None:
    await ledger.release_all()
    assert await ledger.claim("another", holds="")


@pytest.mark.parametrize(("lose", "left"), [(cancel, False), (delete, False), (take_over, True)])
async def test_a_worker_that_is_too_late_leaves_pictures_only_to_the_next_owner(
    world: World,
    ports: Ports,
    instances: Instances,
    lose: Callable[[JobLedger, Job], Awaitable[None]],
    left: bool,
) -> None:
    kept = asyncio.Event()

    class SlowStorage:
        async def put(self, key: str, data: bytes, *, content_type: str) -> None:
            if not kept.is_set():
                await lose(ports.ledger, job)
            await ports.storage.put(key, data, content_type=content_type)
            kept.set()

        def __getattr__(self, name: str) -> object:
            return getattr(ports.storage, name)

    job = await accepted(ports)
    async with working(replace(ports, storage=SlowStorage()), instances):
        await kept.wait()
        await until_free(instances)
    assert any(name.startswith(f"spool/{job.id}/") for name in world.files) is left
