"""What workers report and other processes read, on both databases."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from jobs_samples import Clock

from orchestrator.errors import InstanceUnusable
from orchestrator.jobs.database import Database
from orchestrator.jobs.reports import GONE, Fleet, Report, Reporter
from orchestrator.models import InstanceStatus, Role, WeightFacts

READY = InstanceStatus(name="comfyui", url="http://a", usable=True, state="ready", device="cuda:0")
ONE = WeightFacts(size=1, role=Role.CHECKPOINT, family="sdxl")
NODES = {"KSampler": {"input": {}}}


@pytest.fixture
def fleet(database: Database, clock: Clock) -> Fleet:
    return Fleet(database, clock=clock)


async def say(
    database: Database,
    clock: Clock,
    worker: str,
    nodes: Mapping[str, object] | None = None,
    weights: Mapping[str, WeightFacts] | None = None,
) -> Reporter:
    reporter = Reporter(database, worker, clock=clock)
    await reporter.report(Report([READY], nodes, weights))
    return reporter


async def test_instances_of_all_workers_are_seen(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    for worker in ("a", "b"):
        await say(database, clock, worker)
    await fleet.refresh()
    assert [status.name for status in fleet.status()] == ["a: comfyui", "b: comfyui"]
    assert fleet.outage() == timedelta()


async def test_a_silent_worker_falls_out(fleet: Fleet, database: Database, clock: Clock) -> None:
    await say(database, clock, "a")
    clock.advance(GONE)
    await fleet.refresh()
    assert fleet.status() == ()


async def test_an_outage_lasts_while_no_worker_speaks(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    await say(database, clock, "a")
    await fleet.refresh()
    clock.advance(GONE)
    await fleet.refresh()
    first = fleet.outage()
    await fleet.refresh()
    assert fleet.outage() > first
    await say(database, clock, "b")
    await fleet.refresh()
    assert fleet.outage() == timedelta()


async def test_a_worker_that_leaves_is_gone_at_once(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    await (await say(database, clock, "a")).leave()
    await fleet.refresh()
    assert fleet.status() == ()


async def test_without_workers_the_outage_grows(fleet: Fleet) -> None:
    await fleet.refresh()
    assert fleet.outage() > timedelta()


async def test_only_weights_that_every_worker_has_are_offered(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    both, alone = "checkpoints/both.safetensors", "checkpoints/alone.safetensors"
    await say(database, clock, "a", weights={both: ONE, alone: ONE})
    await say(database, clock, "b", weights={both: ONE})
    await fleet.refresh()
    assert fleet.look() == {both: ONE}


async def test_weights_are_the_same_object_until_they_change(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    await say(database, clock, "a", weights={"loras/a.safetensors": ONE})
    await fleet.refresh()
    before = fleet.look()
    await fleet.refresh()
    assert fleet.look() is before


async def test_only_nodes_that_every_worker_has_count(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    await say(database, clock, "a", nodes=NODES | {"Extra": {}})
    await say(database, clock, "b", nodes=NODES)
    await fleet.refresh()
    assert await fleet.object_info() == NODES


async def test_without_reports_no_nodes_are_known(fleet: Fleet) -> None:
    await fleet.refresh()
    with pytest.raises(InstanceUnusable):
        await fleet.object_info()


async def test_what_an_instance_does_reaches_every_process(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    busy = READY.evolve(version="0.3.1", checkpoint="one.safetensors", jobs=("1",), runs=3)
    await Reporter(database, "a", clock=clock).report(Report([busy]))
    await fleet.refresh()
    assert fleet.status() == (busy.evolve(name="a: comfyui"),)


async def test_what_a_newer_worker_reports_besides_is_left_out(
    fleet: Fleet, database: Database, clock: Clock
) -> None:
    await say(database, clock, "a")
    newer = json.dumps([READY.model_dump() | {"mood": "good"}])
    sql = "UPDATE workers SET instances = :instances RETURNING id"
    await database.write(sql, {"instances": newer})
    await fleet.refresh()
    assert [status.name for status in fleet.status()] == ["a: comfyui"]
