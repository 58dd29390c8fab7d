"""What every database of jobs must hold to: who may write, and who may end a job."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
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
    status,
)

from orchestrator.errors import Fenced
from orchestrator.jobs.ledger import JobLedger
from orchestrator.models import Job, Progress, Status


async def test_a_saved_stage_is_what_the_next_owner_gets(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    await ledger.save(job.evolve(kept=(KEPT,), verdict=VERDICT, assets=(ASSET,), failures=1))
    clock.advance(LEASE)
    following = await claimed(ledger, "b")
    assert (following.kept, following.verdict) == ((KEPT,), VERDICT)
    assert (following.assets, following.failures) == ((ASSET,), 1)


async def test_a_job_saved_as_ended_is_ended(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    ended = job.evolve(status=Status.COMPLETED, finished=clock.now, assets=(ASSET,))
    await ledger.save(ended)
    clock.advance(LONG)
    assert await ledger.get(job.id) == ended
    assert await ledger.claim("b", holds="") is None


async def test_a_job_that_ends_without_a_time_is_finished_now(
    ledger: JobLedger, clock: Clock
) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    await ledger.save(job.evolve(status=Status.FAILED, error="no"))
    found = await ledger.get(job.id)
    assert found
    assert found.finished == clock.now


async def test_renewing_keeps_rivals_away(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    clock.advance(LEASE - SECOND)
    await ledger.renew(job)
    clock.advance(LEASE - SECOND)
    assert await ledger.claim("b", holds="") is None


async def test_renewing_records_the_progress(ledger: JobLedger) -> None:
    await accepted(ledger)
    job = (await claimed(ledger)).evolve(progress=Progress(step=3, steps=20, node="Sampler"))
    await ledger.renew(job)
    assert await ledger.get(job.id) == job


async def test_a_job_given_back_waits_out_its_delay(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    await ledger.give_back(job.evolve(failures=1, kept=(KEPT,)), delay=30 * SECOND)
    clock.advance(29 * SECOND)
    assert await ledger.claim("b", holds="") is None
    clock.advance(SECOND)
    following = await claimed(ledger, "b")
    assert (following.attempt, following.failures, following.kept) == (2, 1, (KEPT,))


async def test_a_job_given_back_is_in_the_queue_and_nobodys(ledger: JobLedger) -> None:
    await accepted(ledger)
    job = (await claimed(ledger)).evolve(progress=Progress(step=1, steps=2))
    await ledger.give_back(job, delay=NOW)
    assert await ledger.get(job.id) == job.evolve(status=Status.IN_QUEUE, owner="", progress=None)


Write = Callable[[JobLedger, Job], Awaitable[None]]
WRITES: dict[str, Write] = {
    "save": lambda ledger, job: ledger.save(job.evolve(status=Status.COMPLETED)),
    "renew": lambda ledger, job: ledger.renew(job),
    "give_back": lambda ledger, job: ledger.give_back(job, delay=NOW),
}


async def lease_runs_out(ledger: JobLedger, clock: Clock, job: Job) -> None:
    clock.advance(LEASE)
    await claimed(ledger, "b")


async def same_owner_claims_again(ledger: JobLedger, clock: Clock, job: Job) -> None:
    clock.advance(LEASE)
    await claimed(ledger, job.owner)


async def is_cancelled(ledger: JobLedger, clock: Clock, job: Job) -> None:
    await ledger.cancel(job.id)


async def is_given_back(ledger: JobLedger, clock: Clock, job: Job) -> None:
    await ledger.give_back(job, delay=NOW)


async def has_ended(ledger: JobLedger, clock: Clock, job: Job) -> None:
    await ledger.save(job.evolve(status=Status.FAILED))


async def outlives_its_limit(ledger: JobLedger, clock: Clock, job: Job) -> None:
    clock.advance(timedelta(hours=2))
    await ledger.expire()


async def is_released(ledger: JobLedger, clock: Clock, job: Job) -> None:
    await ledger.release_all()


LOSSES = (
    lease_runs_out,
    same_owner_claims_again,
    is_cancelled,
    is_given_back,
    has_ended,
    outlives_its_limit,
    is_released,
)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
async def test_whoever_has_lost_a_job_writes_no_more(
    ledger: JobLedger, clock: Clock, lose: Any, write: Write
) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    await lose(ledger, clock, job)
    before = await ledger.get(job.id)
    with pytest.raises(Fenced):
        await write(ledger, job)
    assert await ledger.get(job.id) == before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_only_the_owner_writes(ledger: JobLedger, write: Write) -> None:
    await accepted(ledger)
    job = await claimed(ledger, "a")
    with pytest.raises(Fenced):
        await write(ledger, job.evolve(owner="b"))


async def test_a_late_write_counts_while_nobody_else_has_the_job(
    ledger: JobLedger, clock: Clock
) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    clock.advance(2 * LEASE)
    await ledger.save(job.evolve(status=Status.COMPLETED))
    assert await status(ledger, job) is Status.COMPLETED


@pytest.mark.parametrize("running", [False, True])
async def test_a_live_job_can_be_cancelled(ledger: JobLedger, clock: Clock, running: bool) -> None:
    job = await accepted(ledger)
    if running:
        await claimed(ledger)
    await ledger.cancel(job.id)
    found = await ledger.get(job.id)
    assert found
    assert (found.status, found.finished) == (Status.CANCELLED, clock.now)
    clock.advance(LONG)
    assert await ledger.claim("b", holds="") is None


async def test_an_ended_job_stays_as_it_is_when_cancelled(ledger: JobLedger) -> None:
    job = await accepted(ledger, status=Status.COMPLETED, finished=START)
    await ledger.cancel(job.id)
    assert await ledger.get(job.id) == job


async def test_cancelling_an_unknown_job_does_nothing(ledger: JobLedger) -> None:
    await ledger.cancel(uuid4())
    assert sum((await ledger.counts()).values()) == 0


async def test_a_start_releases_every_lease_at_once(ledger: JobLedger) -> None:
    job = await accepted(ledger)
    await accepted(ledger, status=Status.COMPLETED)
    await claimed(ledger)
    assert await ledger.release_all() == 1
    assert (await claimed(ledger, "b")).id == job.id


async def test_a_job_that_lives_too_long_times_out(ledger: JobLedger, clock: Clock) -> None:
    old = await accepted(ledger, created=START - timedelta(minutes=60))
    young = await accepted(ledger, created=START - timedelta(minutes=59))
    done = await accepted(ledger, created=START - timedelta(days=9), status=Status.COMPLETED)
    assert await ledger.expire() == 1
    assert await status(ledger, old) is Status.TIMED_OUT
    assert await status(ledger, young) is Status.IN_QUEUE
    assert await status(ledger, done) is Status.COMPLETED
