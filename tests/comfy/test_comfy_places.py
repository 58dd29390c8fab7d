"""On which instance a job is run: where its checkpoint is, if as much room is there."""

from collections.abc import Callable

import pytest
from comfy_samples import job, painting

from orchestrator.comfy import Endpoint, External, Pool
from orchestrator.comfy.instance import Instance
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.pool import PoolSlot
from orchestrator.models import Job

LION, TIGER = "lion.safetensors", "tiger.safetensors"


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """Two instances that are usable, one for each checkpoint; nothing is run."""
    endpoints = {name: Endpoint("http://127.0.0.1:1") for name in (LION, TIGER)}
    pool = Pool([External(n, e) for n, e in endpoints.items()], pack_version="1")
    for member in pool._members:
        member.instance = Instance(
            member.name,
            endpoints[member.name],
            limits=Limits(),
            pack_version="1",
            on_change=lambda: None,
        )
        member.instance.trouble = ""
        member.instance.checkpoint = member.name
    return pool


@pytest.fixture
def slot_of(pool: Pool) -> Callable[[str], PoolSlot]:
    def take(name: str) -> PoolSlot:
        [instance] = [m.instance for m in pool._members if m.name == name and m.instance]
        return PoolSlot(pool, instance.take())

    return take


def job_for(checkpoint: str) -> Job:
    some = job(painting())
    return some.evolve(plan=some.plan.evolve(checkpoint=checkpoint))


def occupied(pool: Pool) -> dict[str, int]:
    return {m.name: m.instance.occupied for m in pool._members if m.instance}


def test_a_slot_holds_what_its_instance_was_last_given(slot_of: Callable[[str], PoolSlot]) -> None:
    slot_of(LION).assign(job_for("bear.safetensors"))
    assert slot_of(LION).holds == "bear.safetensors"


def test_a_job_goes_where_its_checkpoint_is(pool: Pool, slot_of: Callable[[str], PoolSlot]) -> None:
    slot = slot_of(LION)
    slot.assign(job_for(TIGER))
    assert (slot.holds, occupied(pool)) == (TIGER, {LION: 0, TIGER: 1})


def test_a_job_does_not_wait_for_its_checkpoint_on_a_busy_instance(
    pool: Pool, slot_of: Callable[[str], PoolSlot]
) -> None:
    slot_of(TIGER)
    slot = slot_of(LION)
    slot.assign(job_for(TIGER))
    assert occupied(pool) == {LION: 1, TIGER: 1}
    assert slot.holds == TIGER


def test_a_job_stays_where_nobody_else_holds_its_checkpoint(
    pool: Pool, slot_of: Callable[[str], PoolSlot]
) -> None:
    slot_of(LION).assign(job_for("bear.safetensors"))
    assert occupied(pool) == {LION: 1, TIGER: 0}
