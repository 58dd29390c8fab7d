"""What Prometheus is told, read with Prometheus's own parser."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from twins import CALLER, REQUEST, Slot, World

from orchestrator.edge_ports import CacheStats
from orchestrator.errors import Fenced, ImgenError, RunFailed, Unavailable
from orchestrator.metrics import Metrics, ObservedInstances, ObservedLedger
from orchestrator.metrics.metrics import LOOKED
from orchestrator.models import Backlog, InstanceStatus, Job, Status
from orchestrator.pipeline import accept

JOBS = dict.fromkeys(Status, 0) | {Status.IN_QUEUE: 3, Status.COMPLETED: 8}
BACKLOG = Backlog(jobs=JOBS, oldest_wait=12.5, webhooks_due=2, webhooks_dead=1)
READY = InstanceStatus(name="one", url="http://one", usable=True, state="ready", running=2)
BROKEN = InstanceStatus(name="two", url="http://two", usable=False, state="no node pack")


class Sources:
    """What is looked at, and how often."""

    def __init__(self) -> None:
        self.looks = 0
        self.fault: ImgenError | None = None
        self.now = 0.0

    async def backlog(self) -> Backlog:
        self.looks += 1
        if self.fault:
            raise self.fault
        return BACKLOG

    async def cache(self) -> CacheStats:
        return CacheStats(usable=True, entries=5, hits=4, misses=3, failures=2, waiting=0)


@pytest.fixture
def sources() -> Sources:
    return Sources()


@pytest.fixture
def metrics(sources: Sources) -> Metrics:
    return Metrics(
        backlog=sources.backlog,
        instances=lambda: (READY, BROKEN),
        cache=sources.cache,
        clock=lambda: sources.now,
    )


async def told(metrics: Metrics) -> dict[str, float]:
    """By name and label values."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(await metrics.text())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imgen_database_up", 1),
        ("imgen_jobs IN_QUEUE", 3),
        ("imgen_jobs FAILED", 0),
        ("imgen_queue_oldest_seconds", 12.5),
        ("imgen_webhooks_due", 2),
        ("imgen_webhooks_dead", 1),
        ("imgen_instances usable", 1),
        ("imgen_instances unusable", 1),
        ("imgen_instance_usable two", 0),
        ("imgen_instance_runs one", 2),
        ("imgen_cache_hits_total", 4),
        ("imgen_cache_failures_total", 2),
    ],
)
async def test_what_is_looked_up_is_told(metrics: Metrics, name: str, value: float) -> None:
    assert (await told(metrics))[name] == value


async def test_memory_and_processor_time_are_told(metrics: Metrics) -> None:
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total"} <= set(
        await told(metrics)
    )


async def test_two_scrapes_in_a_moment_are_one_look(metrics: Metrics, sources: Sources) -> None:
    await metrics.text()
    await metrics.text()
    assert sources.looks == 1


async def test_a_later_scrape_looks_again(metrics: Metrics, sources: Sources) -> None:
    await metrics.text()
    sources.now += LOOKED
    await metrics.text()
    assert sources.looks == 2


async def test_a_silent_database_hides_nothing_else(metrics: Metrics, sources: Sources) -> None:
    sources.fault = Unavailable()
    found = await told(metrics)
    assert (found["imgen_database_up"], found["imgen_instances usable"]) == (0, 1)
    assert "imgen_jobs IN_QUEUE" not in found


async def accepted(world: World) -> Job:
    return await accept(REQUEST, CALLER, "v2", world.ports)


async def test_the_end_of_a_job_is_timed_from_its_acceptance(metrics: Metrics) -> None:
    world = World()
    job = await accepted(world)
    end = job.evolve(status=Status.FAILED, finished=job.created + timedelta(seconds=7))
    await ObservedLedger(world, metrics).save(end)
    assert (await told(metrics))["imgen_job_seconds_sum FAILED"] == 7


async def test_a_stage_is_no_end(metrics: Metrics) -> None:
    world = World()
    await ObservedLedger(world, metrics).save(await accepted(world))
    assert not any(name.startswith("imgen_job_seconds_count") for name in await told(metrics))


async def test_an_end_that_was_not_recorded_is_not_told(metrics: Metrics) -> None:
    world = World()
    job = await accepted(world)
    await world.cancel(job.id)
    with pytest.raises(Fenced):
        await ObservedLedger(world, metrics).save(job.evolve(status=Status.COMPLETED))
    assert not any(name.startswith("imgen_job_seconds_count") for name in await told(metrics))


class OneSlot:
    def __init__(self, world: World) -> None:
        self._slot = Slot(world)

    async def slot(self) -> Slot:
        return self._slot

    def outage(self) -> timedelta:
        return timedelta()

    def status(self) -> Sequence[InstanceStatus]:
        return ()


async def run_once(world: World, metrics: Metrics, then: Callable[[], None]) -> None:
    slot = await ObservedInstances(OneSlot(world), metrics).slot()
    async with slot.run(await accepted(world), report=lambda _: None):
        then()


def nothing() -> None:
    pass


async def test_a_run_is_timed(metrics: Metrics) -> None:
    await run_once(World(), metrics, nothing)
    assert (await told(metrics))["imgen_run_seconds_count done"] == 1


async def test_a_failed_run_is_told_apart(metrics: Metrics) -> None:
    world = World()
    world.crash_at, world.crash_with = "run", RunFailed("no")
    with pytest.raises(RunFailed):
        await run_once(world, metrics, nothing)
    found = await told(metrics)
    assert found["imgen_run_seconds_count failed"] == 1
    assert "imgen_run_seconds_count done" not in found


async def test_what_fails_after_a_run_is_no_failure_of_the_run(metrics: Metrics) -> None:
    def fail() -> None:
        raise Unavailable

    world = World()
    with pytest.raises(Unavailable):
        await run_once(world, metrics, fail)
    assert "imgen_run_seconds_count failed" not in await told(metrics)
    assert "forget the run" not in world.diary  # the instance keeps what was not fetched
