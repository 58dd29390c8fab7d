"""A worker over the real ledger: every claimed job comes to a true end."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from twins import CALLER, REQUEST, World
from worker_samples import Instances, ScriptedSlot, accepted, ended, until, working

from orchestrator import worker as worker_module
from orchestrator.errors import (
    ImgenError,
    InstanceUnusable,
    OutOfMemory,
    RunFailed,
    RunLost,
    RunTimedOut,
    StorageFull,
    StorageUnavailable,
    WeightsGone,
)
from orchestrator.models import Job, Progress, Status
from orchestrator.pipeline import accept
from orchestrator.ports import Ports


async def test_many_jobs_end_completed(ports: Ports, instances: Instances) -> None:
    jobs = [await accepted(ports) for _ in range(10)]
    async with working(ports, instances):
        statuses = {(await ended(ports, job)).status for job in jobs}
    assert statuses == {Status.COMPLETED}


@pytest.mark.parametrize("error", [RunFailed("node broke"), RunLost(), InstanceUnusable()])
async def test_what_went_wrong_once_is_tried_again(
    ports: Ports, instances: Instances, error: ImgenError
) -> None:
    instances.ends = [error]
    job = await accepted(ports)
    async with working(ports, instances):
        assert (await ended(ports, job)).status is Status.COMPLETED


async def test_what_goes_wrong_every_time_fails_with_the_reason(
    ports: Ports, instances: Instances
) -> None:
    instances.ends = [RunFailed("node broke")] * 3
    job = await accepted(ports)
    async with working(ports, instances):
        job = await ended(ports, job)
    assert (job.status, job.failures, job.error) == (Status.FAILED, 3, "node broke")


async def test_callers_are_told_less_than_operators(ports: Ports, instances: Instances) -> None:
    instances.ends = [OutOfMemory('"Sampler" failed: nodes.py, line 7')]
    job = await accepted(ports)
    async with working(ports, instances):
        job = await ended(ports, job)
    assert job.reason == "The device has too little memory"


async def test_callers_are_told_which_weights_are_gone(ports: Ports, instances: Instances) -> None:
    instances.ends = [WeightsGone("loras/aya.safetensors")]
    job = await accepted(ports)
    async with working(ports, instances):
        job = await ended(ports, job)
    told = "Weights that the picture needs are gone (loras/aya.safetensors)"
    assert (job.status, job.reason) == (Status.FAILED, told)


@pytest.mark.parametrize("error", [InstanceUnusable(), StorageFull(), StorageUnavailable()])
async def test_what_is_not_the_jobs_fault_is_not_counted(
    ports: Ports, instances: Instances, error: ImgenError
) -> None:
    instances.ends = [error] * 5
    job = await accepted(ports)
    async with working(ports, instances):
        job = await ended(ports, job)
    assert (job.status, job.failures) == (Status.COMPLETED, 0)


@pytest.mark.parametrize("error", [RunLost(), InstanceUnusable()], ids=["failed", "not-its-fault"])
async def test_each_try_waits_longer_than_the_one_before(
    ports: Ports, instances: Instances, error: ImgenError
) -> None:
    class Resting:
        def __init__(self) -> None:
            self.delays: list[timedelta] = []

        async def give_back(self, job: Job, *, delay: timedelta) -> None:
            self.delays.append(delay)
            await ports.queue.give_back(job, delay=delay)

        def __getattr__(self, name: str) -> object:
            return getattr(ports.queue, name)

    instances.ends = [error] * 2
    job, resting = await accepted(ports), Resting()
    async with working(replace(ports, queue=resting), instances):
        await ended(ports, job)
    assert resting.delays[:2] == [worker_module.BACK_OFF, 2 * worker_module.BACK_OFF]


async def test_a_device_that_is_too_small_is_not_tried_again(
    ports: Ports, instances: Instances
) -> None:
    instances.ends = [OutOfMemory('"Sampler" failed: out of memory')]
    job = await accepted(ports)
    async with working(ports, instances):
        job = await ended(ports, job)
    assert (job.status, job.error) == (Status.FAILED, '"Sampler" failed: out of memory')


async def test_a_run_that_takes_too_long_is_not_tried_again(
    ports: Ports, instances: Instances
) -> None:
    instances.ends = [RunTimedOut()]
    job = await accepted(ports)
    async with working(ports, instances):
        assert (await ended(ports, job)).status is Status.TIMED_OUT


async def test_a_bug_in_one_job_does_not_stop_the_others(
    ports: Ports, instances: Instances
) -> None:
    instances.ends = [ZeroDivisionError()] * 3
    broken = await accepted(ports)
    async with working(ports, instances):
        assert (await ended(ports, broken)).status is Status.FAILED
        assert (await ended(ports, await accepted(ports))).status is Status.COMPLETED


async def test_a_kept_picture_survives_a_failing_review(
    world: World, ports: Ports, instances: Instances
) -> None:
    world.crash_at, world.crash_with = "review", RuntimeError("reviewer is down")
    job = await accepted(ports)
    async with working(ports, instances):
        job = await ended(ports, job)
    assert (job.status, world.diary.count("run")) == (Status.COMPLETED, 1)


async def test_a_picture_is_remembered_whole(
    world: World, ports: Ports, instances: Instances
) -> None:
    class SlowCache:
        async def remember(self, job: Job) -> None:
            await asyncio.sleep(0.05)
            world.diary.append("remembered")

    job = await accepted(ports)
    async with working(replace(ports, cache=SlowCache()), instances):
        await ended(ports, job)
    assert "remembered" in world.diary


async def test_a_database_that_fails_for_a_while_is_waited_for(
    ports: Ports, instances: Instances
) -> None:
    class Flaky:
        failures = 3

        async def claim(self, owner: str, *, holds: str) -> Job | None:
            if self.failures:
                self.failures -= 1
                raise StorageFull
            return await ports.queue.claim(owner, holds=holds)

        def __getattr__(self, name: str) -> object:
            return getattr(ports.queue, name)

    job = await accepted(ports)
    async with working(replace(ports, queue=Flaky()), instances):
        assert (await ended(ports, job)).status is Status.COMPLETED


async def test_progress_is_recorded(ports: Ports, instances: Instances) -> None:
    instances.hold = asyncio.Event()
    job = await accepted(ports)
    async with working(ports, instances):
        found = await until(ports, job, lambda found: found.progress is not None)
        instances.hold.set()
        await ended(ports, job)
    assert found.progress == Progress(step=3, steps=9, node="painter")


async def test_jobs_for_one_checkpoint_follow_each_other(
    ports: Ports, instances: Instances
) -> None:
    """Six jobs for two checkpoints in turn: the checkpoint changes once, not five times."""
    ledger = ports.ledger
    plan = (await accepted(ports)).plan
    order: list[str] = []
    for n in range(6):
        job = await accept(REQUEST, CALLER, "v2", ports)
        await ledger.cancel(job.id)
        named = plan.evolve(checkpoint=f"{n % 2}.safetensors")
        await ledger.accept(job.evolve(id=uuid4(), plan=named))
    slot = ScriptedSlot(World(), instances)
    while job_now := await ports.queue.claim("w", holds=slot.holds):
        slot.assign(job_now)
        order.append(slot.holds)
        await ledger.save(job_now.evolve(status=Status.COMPLETED))
    changes = sum(before != after for before, after in pairwise(order[1:]))
    assert (len(order), changes) == (7, 1)
