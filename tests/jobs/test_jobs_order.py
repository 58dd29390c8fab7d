"""What every database of jobs must hold to: the order of claims, and how many at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby

import pytest
from jobs_samples import LEASE, PLAN, SECOND, START, Clock, accepted, claimed, falls_asleep

from orchestrator.jobs.database import Database
from orchestrator.jobs.keys import ApiKeys, Tier
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.models import Job, Status

FAIRNESS = QueueLimits().fairness
LION, TIGER = (PLAN.evolve(checkpoint=f"{name}.safetensors") for name in ("lion", "tiger"))


async def claimed_for(ledger: JobLedger, holds: str) -> Job:
    job = await ledger.claim("a", holds=holds)
    assert job
    return job


async def test_a_job_for_the_checkpoint_at_hand_comes_first(ledger: JobLedger) -> None:
    await accepted(ledger, plan=LION, created=START - SECOND)
    for _ in range(2):
        await accepted(ledger, plan=TIGER)
    order = [(await claimed_for(ledger, TIGER.checkpoint)).plan.checkpoint for _ in range(3)]
    assert order == [TIGER.checkpoint, TIGER.checkpoint, LION.checkpoint]


async def test_priority_comes_before_the_checkpoint(ledger: JobLedger) -> None:
    await accepted(ledger, plan=TIGER)
    urgent = await accepted(ledger, plan=LION, priority=10)
    assert (await claimed_for(ledger, TIGER.checkpoint)).id == urgent.id


async def test_nobody_is_passed_over_for_longer_than_the_fairness_window(
    ledger: JobLedger, clock: Clock
) -> None:
    patient = await accepted(ledger, plan=LION)
    clock.advance(FAIRNESS)
    await accepted(ledger, plan=TIGER, created=clock.now)
    assert (await claimed_for(ledger, TIGER.checkpoint)).id == patient.id


async def test_the_oldest_of_those_that_waited_too_long_comes_first(
    ledger: JobLedger, clock: Clock
) -> None:
    oldest = await accepted(ledger, plan=LION, created=START - SECOND)
    await accepted(ledger, plan=TIGER)
    clock.advance(FAIRNESS)
    assert (await claimed_for(ledger, TIGER.checkpoint)).id == oldest.id


async def claimed_on_one_instance(ledger: JobLedger, clock: Clock, *, run: timedelta) -> list[str]:
    """The checkpoints of all waiting jobs, in the order in which one instance runs them."""
    order, holds = [], ""
    while job := await ledger.claim("a", holds=holds):
        await ledger.save(job.evolve(status=Status.COMPLETED))
        holds = job.plan.checkpoint
        order.append(holds)
        clock.advance(run)
    return order


async def test_when_all_wait_too_long_checkpoints_take_turns(
    ledger: JobLedger, clock: Clock
) -> None:
    for age in range(40):
        plan = TIGER if age % 2 else LION
        await accepted(ledger, plan=plan, created=START - FAIRNESS - age * SECOND)
    order = await claimed_on_one_instance(ledger, clock, run=FAIRNESS / 6)
    turns = [(name, len(list(same))) for name, same in groupby(order)]
    assert [name for name, _ in turns[:4]] == [TIGER.checkpoint, LION.checkpoint] * 2
    assert [length for _, length in turns[:4]] == [1, 5, 5, 5]


async def test_keys_take_turns(ledger: JobLedger, clock: Clock) -> None:
    for age, key in enumerate(["late", "busy", "busy", "busy"]):
        await accepted(ledger, key_id=key, created=START - age * SECOND)
    order = []
    for _ in range(4):
        clock.advance(SECOND)
        order.append((await claimed(ledger)).key_id)
    assert order == ["busy", "late", "busy", "busy"]


async def test_a_new_key_need_not_wait_for_a_long_queue_of_another(
    ledger: JobLedger, clock: Clock
) -> None:
    for _ in range(20):
        await accepted(ledger, key_id="busy")
    await claimed(ledger)
    clock.advance(SECOND)
    newcomer = await accepted(ledger, key_id="new", created=clock.now)
    assert (await claimed(ledger)).id == newcomer.id


@pytest.fixture
def limited(database: Database, clock: Clock) -> JobLedger:
    return JobLedger(database, QueueLimits(lease=LEASE, free=2, pro=3), clock=clock)


async def key_of(database: Database, tier: Tier) -> str:
    keys = ApiKeys(database)
    await keys.create(tier.value, tier=tier)
    [key] = await keys.list()
    return key.id


@pytest.mark.parametrize(("tier", "most"), [(Tier.FREE, 2), (Tier.PRO, 3), (Tier.INTERNAL, 5)])
async def test_a_key_has_so_many_jobs_at_once_as_its_tier_allows(
    limited: JobLedger, database: Database, tier: Tier, most: int
) -> None:
    key_id = await key_of(database, tier)
    for _ in range(5):
        await accepted(limited, key_id=key_id)
    jobs = [await limited.claim("a", holds="") for _ in range(5)]
    assert sum(job is not None for job in jobs) == most


async def test_a_key_at_its_limit_does_not_hold_up_others(limited: JobLedger) -> None:
    for _ in range(5):
        await accepted(limited, key_id="busy", created=START - SECOND)
    for _ in range(2):
        await claimed(limited)
    other = await accepted(limited, key_id="other")
    assert (await claimed(limited)).id == other.id
    assert await limited.claim("a", holds="") is None


async def test_an_end_makes_room_for_the_next_job_of_the_key(limited: JobLedger) -> None:
    for _ in range(3):
        await accepted(limited)
    first, _ = await claimed(limited), await claimed(limited)
    waiting = await falls_asleep(limited)
    await limited.save(first.evolve(status=Status.COMPLETED))
    async with asyncio.timeout(5):
        await waiting
    assert await limited.claim("a", holds="")


async def test_a_lost_job_does_not_count(limited: JobLedger, clock: Clock) -> None:
    for age in range(3):
        await accepted(limited, created=START - age * SECOND)
    lost = {(await claimed(limited)).id for _ in range(2)}
    clock.advance(LEASE)
    assert {(await claimed(limited, "b")).id for _ in range(2)} == lost
    assert await limited.claim("b", holds="") is None


async def test_rivals_together_keep_the_limit_of_a_key(connect: Callable[[], Database]) -> None:
    async with connect() as one, connect() as other:
        ledgers = [JobLedger(database, QueueLimits(free=2)) for database in (one, other)]
        for _ in range(10):
            await accepted(ledgers[0], created=START + timedelta(days=365))
        claims = (ledgers[n % 2].claim("a", holds="") for n in range(10))
        jobs = await asyncio.gather(*claims)
    assert sum(job is not None for job in jobs) == 2
