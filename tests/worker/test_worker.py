"""A worker over the real ledger: every claimed job comes to a true end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from twins import CALLER, REQUEST, Slot, World

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
)
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Artifact, InstanceStatus, Job, Progress, Status
from orchestrator.pipeline import accept
from orchestrator.ports import Ports
from orchestrator.worker import Worker

LIMIT = 10  # seconds until a job has ended


class Instances:
    """Two slots of one twin whose next runs end as scripted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._room = asyncio.Semaphore(2)
        self.ends: list[Exception] = []
        self.hold: asyncio.Event | None = None

    async def slot(self) -> "ScriptedSlot":
        await self._room.acquire()
        return ScriptedSlot(self._world, self)

    def release(self) -> None:
        self._room.release()

    def outage(self) -> timedelta:
        return timedelta()

    def status(self) -> Sequence[InstanceStatus]:
        return ()


class ScriptedSlot(Slot):
    def __init__(self, world: World, instances: Instances) -> None:
        super().__init__(world)
        self._instances = instances

    @asynccontextmanager
    async def run(
        self, job: Job, *, report: Callable[[Progress], None], **pictures: Mapping[str, bytes]
    ) -> AsyncIterator[Sequence[Artifact]]:
        if self._instances.ends:
            raise self._instances.ends.pop(0)
        if self._instances.hold:
            report(Progress(step=3, steps=9, node="painter"))
            await self._instances.hold.wait()
        async with super().run(job, report=report, **pictures) as artifacts:
            yield artifacts

    def free(self) -> None:
        if not self.freed:
            self._instances.release()
        super().free()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def instances(world: World) -> Instances:
    return Instances(world)


@pytest.fixture
async def ports(world: World, tmp_path: Path) -> AsyncIterator[Ports]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        ledger = JobLedger(database)
        yield replace(world.ports, ledger=ledger, queue=ledger)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "BACK_OFF", timedelta(milliseconds=1))
    monkeypatch.setattr(worker_module, "BEAT", timedelta(milliseconds=10))


@asynccontextmanager
async def working(ports: Ports, instances: Instances) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(ports, instances, owner="w", failures=3).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def accepted(ports: Ports) -> Job:
    return await accept(REQUEST, CALLER, "v2", ports)


async def until(ports: Ports, job: Job, wanted: Callable[[Job], bool]) -> Job:
    async with asyncio.timeout(LIMIT):
        while True:
            found = await ports.ledger.get(job.id)
            assert found
            if wanted(found):
                return found
            await asyncio.sleep(0.005)


async def ended(ports: Ports, job: Job) -> Job:
    return await until(ports, job, lambda found: found.status.final)


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


# --- a worker that is too late: the job was lost while it kept the pictures ----------------------


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


async def until_free(instances: Instances) -> None:
    """The worker holds one slot while it waits for a job; it has given back the other."""
    async with asyncio.timeout(LIMIT):
        (await instances.slot()).free()
