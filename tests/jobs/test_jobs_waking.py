"""What every database of jobs must hold to: who waits for work is woken in time."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from jobs_samples import LEASE, LONG, NOW, REQUEST, SECOND, Clock, accepted, claimed, falls_asleep

from orchestrator.jobs.database import Database, Parameters, Row
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.outbox import DUE
from orchestrator.models import Job, Status


async def returns_soon(waiting: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(5):
            await waiting
    except TimeoutError:
        return False
    return True


async def test_a_ready_job_is_not_waited_for(ledger: JobLedger) -> None:
    await accepted(ledger)
    assert await returns_soon(ledger.ready(within=LONG))


async def test_waiting_for_a_job_has_an_end(ledger: JobLedger) -> None:
    assert await returns_soon(ledger.ready(within=SECOND / 100))


async def test_a_leased_job_does_not_wake(ledger: JobLedger) -> None:
    await accepted(ledger)
    await claimed(ledger)
    waiting = await falls_asleep(ledger)
    waiting.cancel()


async def accept_another(ledger: JobLedger, held: Job) -> None:
    await accepted(ledger)


async def give_the_held_one_back(ledger: JobLedger, held: Job) -> None:
    await ledger.give_back(held, delay=NOW)


async def release_all(ledger: JobLedger, held: Job) -> None:
    await ledger.release_all()


@pytest.mark.parametrize("change", [accept_another, give_the_held_one_back, release_all])
async def test_everybody_who_waits_is_woken(ledger: JobLedger, change: Any) -> None:
    await accepted(ledger)
    held = await claimed(ledger)
    waiting = await asyncio.gather(*(falls_asleep(ledger) for _ in range(3)))
    await change(ledger, held)
    assert await returns_soon(asyncio.gather(*waiting))


async def test_a_job_accepted_during_the_look_is_not_slept_through(
    ledger: JobLedger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = database.read

    async def look_and_accept(sql: str, parameters: Parameters) -> list[Row]:
        rows = await look(sql, parameters)
        await accepted(ledger)
        return rows

    monkeypatch.setattr(database, "read", look_and_accept)
    assert await returns_soon(ledger.ready(within=LONG))


async def test_nobody_sleeps_past_the_end_of_a_lease(database: Database) -> None:
    ledger = JobLedger(database, QueueLimits(lease=timedelta(milliseconds=50)))
    await accepted(ledger)
    await claimed(ledger)
    assert await returns_soon(ledger.ready(within=LONG))
    assert (await claimed(ledger, "b")).attempt == 2


async def complete(ledger: JobLedger, clock: Clock, job: Job) -> None:
    await ledger.save((await claimed(ledger)).evolve(status=Status.COMPLETED))


async def cancel(ledger: JobLedger, clock: Clock, job: Job) -> None:
    await ledger.cancel(job.id)


async def expire(ledger: JobLedger, clock: Clock, job: Job) -> None:
    clock.advance(QueueLimits().life)
    await ledger.expire()


async def run_out_of_claims(ledger: JobLedger, clock: Clock, job: Job) -> None:
    for _ in range(QueueLimits().claims + 1):
        await ledger.claim("a", holds="")
        clock.advance(LEASE)


async def run_out_of_claims_unreadable(ledger: JobLedger, clock: Clock, job: Job) -> None:
    spoil = "UPDATE jobs SET request = '{}' WHERE id = :id RETURNING id"
    await ledger.database.write(spoil, {"id": str(job.id)})
    await run_out_of_claims(ledger, clock, job)


@pytest.mark.parametrize(
    "end", [complete, cancel, expire, run_out_of_claims, run_out_of_claims_unreadable]
)
async def test_followers_and_senders_are_woken_however_a_job_ends(
    ledger: JobLedger, database: Database, clock: Clock, end: Any
) -> None:
    job = await accepted(ledger, request=REQUEST.evolve(webhook_url="https://receiver.example"))
    following = asyncio.create_task(ledger.changed(job.id, within=LONG))
    await asyncio.sleep(0)  # it listens now
    due = database.news.about(DUE)
    await end(ledger, clock, job)
    async with asyncio.timeout(5):
        assert await following
        await due.wait()
