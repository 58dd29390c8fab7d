"""Rates that hold over processes, on both databases."""

import asyncio
from datetime import timedelta

import pytest
from jobs_samples import Clock

from orchestrator.errors import RateLimited
from orchestrator.jobs import retention_statements as statements
from orchestrator.jobs.database import Database
from orchestrator.jobs.rates import SharedRate


async def passed(rate: SharedRate, name: str, tries: int) -> int:
    takings = (rate.take(name) for _ in range(tries))
    answers = await asyncio.gather(*takings, return_exceptions=True)
    assert all(answer is None or isinstance(answer, RateLimited) for answer in answers)
    return answers.count(None)


@pytest.fixture
def rate(database: Database, clock: Clock) -> SharedRate:
    return SharedRate(database, "key", 30, clock=clock)


async def test_all_processes_together_let_a_minutes_worth_through(
    rate: SharedRate, database: Database, clock: Clock
) -> None:
    other = SharedRate(database, "key", 30, clock=clock)
    both = await asyncio.gather(passed(rate, "ada", 25), passed(other, "ada", 25))
    assert sum(both) == 30


async def test_tokens_come_back_with_time(rate: SharedRate, clock: Clock) -> None:
    await passed(rate, "ada", 40)
    clock.advance(timedelta(seconds=10))
    assert await passed(rate, "ada", 10) == 5


async def test_whoever_comes_back_when_told_passes(rate: SharedRate, clock: Clock) -> None:
    await passed(rate, "ada", 30)
    with pytest.raises(RateLimited) as limited:
        await rate.take("ada")
    clock.advance(timedelta(seconds=limited.value.retry_after))
    await rate.take("ada")


async def test_one_does_not_pay_for_another(rate: SharedRate) -> None:
    await passed(rate, "ada", 40)
    await rate.take("bob")


async def test_full_buckets_are_forgotten(
    rate: SharedRate, database: Database, clock: Clock
) -> None:
    await rate.take("ada")
    old = {"before": clock() + 60, "batch": 10}
    assert len(await database.write(statements.DELETE_RATES, old)) == 1
