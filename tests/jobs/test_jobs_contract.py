"""What every database of jobs must hold to: the record, the claim, and looking at the queue."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from jobs_samples import (
    ASSET,
    KEPT,
    LEASE,
    LONG,
    NOW,
    SECOND,
    START,
    VERDICT,
    Clock,
    accepted,
    claimed,
    new_job,
    status,
)

from orchestrator.errors import QueueFull
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.models import Job, Progress, Status


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"verdict": VERDICT, "status": Status.COMPLETED, "finished": START},
        {"kept": (KEPT,), "assets": (ASSET, ASSET), "error": "naïve ☃ '\";\n{{ 7*7 }}"},
        {"priority": 20, "progress": Progress(step=3, steps=20, node="Sampler"), "failures": 2},
    ],
)
async def test_a_job_is_read_back_as_it_was_accepted(ledger: JobLedger, changes: Any) -> None:
    job = await accepted(ledger, **changes)
    assert await ledger.get(job.id) == job


async def test_an_unknown_job_is_none(ledger: JobLedger) -> None:
    assert await ledger.get(uuid4()) is None


async def test_an_accepted_job_is_there_after_reopening(
    connect: Callable[[], Database],
) -> None:
    async with connect() as database:
        job = await accepted(JobLedger(database))
    async with connect() as database:
        assert await JobLedger(database).get(job.id) == job


async def test_a_full_queue_refuses(database: Database) -> None:
    ledger = JobLedger(database, QueueLimits(waiting=2))
    for _ in range(2):
        await accepted(ledger)
    refused = new_job()
    with pytest.raises(QueueFull):
        await ledger.accept(refused)
    assert await ledger.get(refused.id) is None


async def test_only_waiting_jobs_fill_the_queue(database: Database) -> None:
    ledger = JobLedger(database, QueueLimits(waiting=1))
    await accepted(ledger)
    await claimed(ledger)
    await accepted(ledger)
    blocked = await accepted(ledger, status=Status.COMPLETED, verdict=VERDICT)
    assert await status(ledger, blocked) is Status.COMPLETED


async def test_rivals_together_keep_the_queue_limit(
    connect: Callable[[], Database],
) -> None:
    async with connect() as one, connect() as other:
        ledgers = [
            JobLedger(one, QueueLimits(waiting=10)),
            JobLedger(other, QueueLimits(waiting=10)),
        ]
        attempts = (ledgers[n % 2].accept(new_job()) for n in range(30))
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert outcomes.count(None) == 10
        assert (await ledgers[0].counts())[Status.IN_QUEUE] == 10


async def test_nothing_is_claimed_from_an_empty_queue(ledger: JobLedger) -> None:
    assert await ledger.claim("a", holds="") is None


async def test_a_claim_owns_the_job_and_counts_the_attempt(ledger: JobLedger) -> None:
    job = await accepted(ledger)
    expected = job.evolve(status=Status.IN_PROGRESS, owner="a", attempt=1)
    assert await ledger.claim("a", holds="") == expected
    assert await ledger.get(job.id) == expected


async def test_the_highest_priority_is_claimed_first_and_then_the_oldest(
    ledger: JobLedger,
) -> None:
    for age, priority in [(1, 0), (3, 0), (2, 20), (9, 10), (5, 20)]:
        await accepted(ledger, created=START - age * SECOND, priority=priority)
    order = [await claimed(ledger) for _ in range(5)]
    ages = [(START - job.created) // SECOND for job in order]
    assert ages == [5, 2, 9, 3, 1]


async def test_a_leased_job_is_not_claimed_again(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger)
    await claimed(ledger)
    clock.advance(LEASE - SECOND)
    assert await ledger.claim("b", holds="") is None


async def test_anybody_may_claim_a_job_whose_lease_has_run_out(
    ledger: JobLedger, clock: Clock
) -> None:
    await accepted(ledger)
    first = await claimed(ledger, "a")
    await ledger.renew(first.evolve(progress=Progress(step=3, steps=20)))
    clock.advance(LEASE)
    assert await ledger.claim("b", holds="") == first.evolve(owner="b", attempt=2)


async def test_a_finished_job_is_never_claimed(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, status=Status.COMPLETED)
    clock.advance(LONG)
    assert await ledger.claim("a", holds="") is None


async def test_a_job_that_never_ends_fails_instead_of_being_claimed_for_ever(
    database: Database, clock: Clock
) -> None:
    ledger = JobLedger(database, QueueLimits(lease=LEASE, claims=3), clock=clock)
    poison = await accepted(ledger, priority=10)
    good = await accepted(ledger)
    for _ in range(3):
        assert (await claimed(ledger)).id == poison.id
        clock.advance(LEASE)
    assert (await claimed(ledger)).id == good.id
    ended = await ledger.get(poison.id)
    assert ended
    assert (ended.status, ended.finished) == (Status.FAILED, clock.now)
    assert "3 times" in ended.error


async def test_a_job_may_be_given_back_as_often_as_it_has_to_wait(
    database: Database, clock: Clock
) -> None:
    ledger = JobLedger(database, QueueLimits(lease=LEASE, claims=3), clock=clock)
    await accepted(ledger)
    for _ in range(10):
        await ledger.give_back(await claimed(ledger), delay=NOW)
    assert (await claimed(ledger)).attempt == 11


async def test_a_row_that_can_not_be_read_does_not_keep_others_waiting(
    ledger: JobLedger, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable = await accepted(ledger, priority=10)
    good = await accepted(ledger)
    spoil = "UPDATE jobs SET plan = '{}' WHERE id = :id RETURNING id"
    await database.write(spoil, {"id": str(unreadable.id)})
    assert (await claimed(ledger)).id == good.id
    assert f"job {unreadable.id} can't be read" in caplog.text


async def test_two_claimers_never_get_one_job(connect: Callable[[], Database]) -> None:
    async def claim_all(ledger: JobLedger, owner: str) -> list[Job]:
        jobs = []
        while job := await ledger.claim(owner, holds=""):
            jobs.append(job)
        return jobs

    async with connect() as one, connect() as other:
        ledgers = [JobLedger(one), JobLedger(other)]
        expected = {(await accepted(ledgers[0])).id for _ in range(60)}
        claimers = (claim_all(ledgers[n % 2], f"owner {n}") for n in range(6))
        jobs = [job for found in await asyncio.gather(*claimers) for job in found]
    assert len(jobs) == 60
    assert {job.id for job in jobs} == expected


async def test_counts_name_every_status(ledger: JobLedger) -> None:
    for _ in range(3):
        await accepted(ledger)
    await accepted(ledger, status=Status.FAILED)
    await claimed(ledger)
    assert await ledger.counts() == dict.fromkeys(Status, 0) | {
        Status.IN_QUEUE: 2,
        Status.IN_PROGRESS: 1,
        Status.FAILED: 1,
    }
