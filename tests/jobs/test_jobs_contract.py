"""What every database of jobs must hold to."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from jobs_samples import ASSET, KEPT, LEASE, SECOND, START, VERDICT, Clock, new_job

from orchestrator.errors import Fenced, QueueFull
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import Row, SqliteDatabase
from orchestrator.models import Job, Progress, Status

NOW = timedelta(0)
LONG = 60 * SECOND  # longer than any test


async def accepted(ledger: JobLedger, **changes: Any) -> Job:
    job = new_job(**changes)
    await ledger.accept(job)
    return job


async def claimed(ledger: JobLedger, owner: str = "a") -> Job:
    job = await ledger.claim(owner)
    assert job is not None
    return job


async def status(ledger: JobLedger, job: Job) -> Status:
    found = await ledger.get(job.id)
    assert found is not None
    return found.status


# --- the record ---------------------------------------------------------------------------------


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
    connect: Callable[[], SqliteDatabase],
) -> None:
    async with connect() as database:
        job = await accepted(JobLedger(database))
    async with connect() as database:
        assert await JobLedger(database).get(job.id) == job


async def test_a_full_queue_refuses(database: SqliteDatabase) -> None:
    ledger = JobLedger(database, queue_limit=2)
    for _ in range(2):
        await accepted(ledger)
    refused = new_job()
    with pytest.raises(QueueFull):
        await ledger.accept(refused)
    assert await ledger.get(refused.id) is None


async def test_only_waiting_jobs_fill_the_queue(database: SqliteDatabase) -> None:
    ledger = JobLedger(database, queue_limit=1)
    await accepted(ledger)
    await claimed(ledger)
    await accepted(ledger)
    blocked = await accepted(ledger, status=Status.COMPLETED, verdict=VERDICT)
    assert await status(ledger, blocked) is Status.COMPLETED


async def test_rivals_together_keep_the_queue_limit(
    connect: Callable[[], SqliteDatabase],
) -> None:
    async with connect() as one, connect() as other:
        ledgers = [JobLedger(one, queue_limit=10), JobLedger(other, queue_limit=10)]
        attempts = (ledgers[n % 2].accept(new_job()) for n in range(30))
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert outcomes.count(None) == 10
        assert (await ledgers[0].counts())[Status.IN_QUEUE] == 10


# --- the claim ----------------------------------------------------------------------------------


async def test_nothing_is_claimed_from_an_empty_queue(ledger: JobLedger) -> None:
    assert await ledger.claim("a") is None


async def test_a_claim_owns_the_job_and_counts_the_attempt(ledger: JobLedger) -> None:
    job = await accepted(ledger)
    expected = job.evolve(status=Status.IN_PROGRESS, owner="a", attempt=1)
    assert await ledger.claim("a") == expected
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
    assert await ledger.claim("b") is None


async def test_anybody_may_claim_a_job_whose_lease_has_run_out(
    ledger: JobLedger, clock: Clock
) -> None:
    await accepted(ledger)
    first = await claimed(ledger, "a")
    await ledger.renew(first.evolve(progress=Progress(step=3, steps=20)))
    clock.advance(LEASE)
    assert await ledger.claim("b") == first.evolve(owner="b", attempt=2)


async def test_a_finished_job_is_never_claimed(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, status=Status.COMPLETED)
    clock.advance(LONG)
    assert await ledger.claim("a") is None


async def test_a_job_that_never_ends_fails_instead_of_being_claimed_for_ever(
    database: SqliteDatabase, clock: Clock
) -> None:
    ledger = JobLedger(database, clock=clock, lease=LEASE, claim_limit=3)
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


async def test_two_claimers_never_get_one_job(connect: Callable[[], SqliteDatabase]) -> None:
    async def claim_all(ledger: JobLedger, owner: str) -> list[Job]:
        jobs = []
        while job := await ledger.claim(owner):
            jobs.append(job)
        return jobs

    async with connect() as one, connect() as other:
        ledgers = [JobLedger(one), JobLedger(other)]
        expected = {(await accepted(ledgers[0])).id for _ in range(60)}
        claimers = (claim_all(ledgers[n % 2], f"owner {n}") for n in range(6))
        jobs = [job for found in await asyncio.gather(*claimers) for job in found]
    assert len(jobs) == 60
    assert {job.id for job in jobs} == expected


# --- the fence ----------------------------------------------------------------------------------


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
    assert await ledger.claim("b") is None


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
    assert await ledger.claim("b") is None


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
    assert await ledger.claim("b") is None
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


# --- waking -------------------------------------------------------------------------------------


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
    waiting = asyncio.create_task(ledger.ready(within=LONG))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    waiting.cancel()
    assert not done


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
    waiting = asyncio.gather(*(ledger.ready(within=LONG) for _ in range(3)))
    await asyncio.sleep(0.05)  # they are asleep by now; if not, the test only proves less
    await change(ledger, held)
    assert await returns_soon(waiting)


async def test_a_job_accepted_during_the_look_is_not_slept_through(
    ledger: JobLedger, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = database.read

    async def look_and_accept(sql: str) -> list[Row]:
        rows = await look(sql)
        await accepted(ledger)
        return rows

    monkeypatch.setattr(database, "read", look_and_accept)
    assert await returns_soon(ledger.ready(within=LONG))


async def test_nobody_sleeps_past_the_end_of_a_lease(database: SqliteDatabase) -> None:
    ledger = JobLedger(database, lease=timedelta(milliseconds=50))
    await accepted(ledger)
    await claimed(ledger)
    assert await returns_soon(ledger.ready(within=LONG))
    assert (await claimed(ledger, "b")).attempt == 2


# --- ends from outside --------------------------------------------------------------------------


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
    assert await ledger.claim("b") is None


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


# --- looking at the queue -----------------------------------------------------------------------


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


async def test_positions_follow_the_order_of_the_claim(ledger: JobLedger) -> None:
    jobs = [
        await accepted(ledger, created=START - age * SECOND, priority=priority)
        for age, priority in [(1, 0), (3, 0), (2, 20), (9, 10), (5, 20)]
    ]
    positions = {job.id: await ledger.position(job.id) for job in jobs}
    order = [(await claimed(ledger)).id for _ in jobs]
    assert [positions[job_id] for job_id in order] == [1, 2, 3, 4, 5]


async def test_a_job_that_does_not_wait_has_no_position(ledger: JobLedger) -> None:
    job = await accepted(ledger)
    await claimed(ledger)
    assert await ledger.position(job.id) is None
