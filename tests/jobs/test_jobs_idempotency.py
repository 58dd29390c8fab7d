"""What every database of jobs must hold to: a named request is answered once and for all."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from jobs_samples import SECOND, Clock, accepted, new_job

from orchestrator.errors import IdempotencyConflict, QueueFull, RequestUnderWay
from orchestrator.jobs.cache_records import CacheRecords
from orchestrator.jobs.database import Database
from orchestrator.jobs.idempotency import KEPT, LONGEST_REQUEST, Idempotency
from orchestrator.jobs.ledger import JobLedger, QueueLimits


@pytest.fixture
def requests(database: Database, clock: Clock) -> Idempotency:
    return Idempotency(database, clock=clock)


async def reserved(requests: Idempotency, *, body: str = "body") -> str:
    return (await requests.reserve("key", "order 7", body=body)).token


async def answered(requests: Idempotency, ledger: JobLedger) -> str:
    job = new_job()
    await ledger.accept(job, reservation=await reserved(requests))
    return str(job.id)


async def test_a_repeated_request_gets_the_first_ones_job(
    requests: Idempotency, ledger: JobLedger
) -> None:
    job_id = await answered(requests, ledger)
    again = await requests.reserve("key", "order 7", body="body")
    assert str(again.job_id) == job_id


async def test_another_body_under_the_same_name_is_a_conflict(
    requests: Idempotency, ledger: JobLedger
) -> None:
    await answered(requests, ledger)
    with pytest.raises(IdempotencyConflict):
        await reserved(requests, body="other")


async def test_a_repetition_of_a_request_under_way_must_wait(requests: Idempotency) -> None:
    await reserved(requests)
    with pytest.raises(RequestUnderWay):
        await reserved(requests)


async def test_a_request_whose_process_died_may_be_repeated_after_a_new_start(
    requests: Idempotency, ledger: JobLedger
) -> None:
    await reserved(requests)
    await ledger.release_all()
    await reserved(requests)


async def test_a_new_start_forgets_no_answer(requests: Idempotency, ledger: JobLedger) -> None:
    job_id = await answered(requests, ledger)
    await ledger.release_all()
    again = await requests.reserve("key", "order 7", body="body")
    assert str(again.job_id) == job_id


async def test_keys_do_not_share_names(requests: Idempotency, ledger: JobLedger) -> None:
    await answered(requests, ledger)
    assert (await requests.reserve("other key", "order 7", body="other")).job_id is None


async def test_a_refused_request_may_be_repeated(requests: Idempotency) -> None:
    await requests.give_up(await reserved(requests))
    assert (await requests.reserve("key", "order 7", body="other")).job_id is None


async def test_an_answered_request_is_not_given_up(
    requests: Idempotency, ledger: JobLedger
) -> None:
    token = await reserved(requests)
    await ledger.accept(new_job(), reservation=token)
    await requests.give_up(token)
    assert (await requests.reserve("key", "order 7", body="body")).job_id


async def test_an_answer_is_forgotten_after_its_time(
    requests: Idempotency, ledger: JobLedger, clock: Clock
) -> None:
    await answered(requests, ledger)
    clock.advance(KEPT - SECOND)
    assert (await requests.reserve("key", "order 7", body="body")).job_id
    clock.advance(SECOND)
    assert (await requests.reserve("key", "order 7", body="other")).job_id is None


async def test_a_request_that_died_with_its_process_may_be_repeated(
    requests: Idempotency, clock: Clock
) -> None:
    await reserved(requests)
    clock.advance(LONGEST_REQUEST)
    assert (await requests.reserve("key", "order 7", body="body")).job_id is None


async def test_who_lost_the_reservation_accepts_no_job(
    requests: Idempotency, ledger: JobLedger, clock: Clock
) -> None:
    late = await reserved(requests)
    clock.advance(LONGEST_REQUEST + timedelta(seconds=1))
    await reserved(requests)
    job = new_job()
    with pytest.raises(RequestUnderWay):
        await ledger.accept(job, reservation=late)
    assert await ledger.get(job.id) is None


async def test_a_full_queue_binds_nothing(
    requests: Idempotency, database: Database, clock: Clock
) -> None:
    ledger = JobLedger(database, QueueLimits(waiting=1), clock=clock)
    await accepted(ledger)
    token = await reserved(requests)
    with pytest.raises(QueueFull):
        await ledger.accept(new_job(), reservation=token)
    await requests.give_up(token)
    assert (await requests.reserve("key", "order 7", body="body")).job_id is None


async def test_a_hit_of_the_cache_can_be_the_answer(
    requests: Idempotency, database: Database, clock: Clock
) -> None:
    hit = new_job(source=uuid4())
    records = CacheRecords(database, clock=clock)
    await records.add(hit, reservation=await reserved(requests))
    assert (await requests.reserve("key", "order 7", body="body")).job_id == hit.id


async def test_one_of_many_at_the_same_time_goes_through(connect: Callable[[], Database]) -> None:
    async with connect() as one, connect() as other:
        rivals = [Idempotency(database) for database in (one, other)]
        tries = (rivals[n % 2].reserve("key", "order 7", body="body") for n in range(10))
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, RequestUnderWay) for outcome in outcomes) == 9
