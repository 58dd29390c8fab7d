"""What every database of jobs must hold to: each webhook is due when its job has ended, sent until
it was received or given up, and never by two at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from jobs_samples import LEASE, LONG, NOW, REQUEST, SECOND, Clock, accepted, claimed, new_job

from orchestrator.errors import Conflict, NotFound
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.outbox import DeliveryLimits, JobOutbox
from orchestrator.models import Delivery, DeliveryState, Job, Request, Status

LIMITS = DeliveryLimits(delays=(SECOND, 10 * SECOND), jitter=0, per_host=2)
HOUR = timedelta(hours=1)


def to(host: str) -> Request:
    return REQUEST.evolve(webhook_url=f"https://{host}/hook?token=secret")


WITH_WEBHOOK = to("receiver.example")


@pytest.fixture
def outbox(database: Database, clock: Clock) -> JobOutbox:
    return JobOutbox(database, LIMITS, clock=clock)


async def ended(ledger: JobLedger, *, request: Request = WITH_WEBHOOK) -> Job:
    job = await accepted(ledger, request=request)
    await ledger.cancel(job.id)
    return job


async def claim(outbox: JobOutbox) -> Delivery:
    delivery = await outbox.claim()
    assert delivery is not None
    return delivery


async def seen(outbox: JobOutbox) -> Delivery:
    [delivery] = await outbox.list(dead=False)
    return delivery


async def complete(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, request=WITH_WEBHOOK)
    await ledger.save((await claimed(ledger)).evolve(status=Status.COMPLETED))


async def fail(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, request=WITH_WEBHOOK)
    await ledger.save((await claimed(ledger)).evolve(status=Status.FAILED))


async def cancel(ledger: JobLedger, clock: Clock) -> None:
    await ended(ledger)


async def expire(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, request=WITH_WEBHOOK)
    clock.advance(2 * HOUR)
    await ledger.expire()


async def run_out_of_claims(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, request=WITH_WEBHOOK)
    for _ in range(QueueLimits().claims + 1):
        await ledger.claim("a", holds="")
        clock.advance(LEASE)


async def block_at_the_door(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, request=WITH_WEBHOOK, status=Status.COMPLETED)


@pytest.mark.parametrize(
    "end", [complete, fail, cancel, expire, run_out_of_claims, block_at_the_door]
)
async def test_a_webhook_is_due_however_its_job_ends(
    ledger: JobLedger,
    outbox: JobOutbox,
    clock: Clock,
    end: Callable[[JobLedger, Clock], Awaitable[None]],
) -> None:
    await end(ledger, clock)
    assert (await claim(outbox)).url == WITH_WEBHOOK.webhook_url


async def test_nothing_is_sent_before_the_end(ledger: JobLedger, outbox: JobOutbox) -> None:
    await accepted(ledger, request=WITH_WEBHOOK)
    await claimed(ledger)
    assert (await outbox.claim(), await outbox.list(dead=False)) == (None, [])


async def test_nothing_is_sent_of_a_job_without_webhook(
    ledger: JobLedger, outbox: JobOutbox
) -> None:
    await ended(ledger, request=REQUEST)
    assert await outbox.claim() is None


async def test_a_refused_job_leaves_no_webhook(
    database: Database, clock: Clock, outbox: JobOutbox
) -> None:
    full = JobLedger(database, QueueLimits(waiting=0), clock=clock)
    with pytest.raises(Exception, match="full"):
        await full.accept(new_job(request=WITH_WEBHOOK))
    assert await database.read("SELECT id FROM deliveries") == []


async def test_a_delivery_is_claimed_once(ledger: JobLedger, outbox: JobOutbox) -> None:
    jobs = [await ended(ledger, request=to(f"host{number}.example")) for number in range(5)]
    claims = await asyncio.gather(*(outbox.claim() for _ in range(8)))
    assert sorted(c.job_id for c in claims if c) == sorted(job.id for job in jobs)


async def test_what_was_delivered_is_not_sent_again(
    ledger: JobLedger, outbox: JobOutbox, clock: Clock
) -> None:
    await ended(ledger)
    await outbox.delivered(await claim(outbox))
    clock.advance(100 * HOUR)
    assert await outbox.claim() is None
    assert (await seen(outbox)).state is DeliveryState.DELIVERED


async def test_tries_come_at_growing_distances_and_have_an_end(
    ledger: JobLedger, outbox: JobOutbox, clock: Clock
) -> None:
    await ended(ledger)
    for delay in LIMITS.delays:
        await outbox.failed(await claim(outbox), "no answer")
        clock.advance(delay - SECOND / 2)
        assert await outbox.claim() is None
        clock.advance(SECOND / 2)
    await outbox.failed(await claim(outbox), "no answer")
    [dead] = await outbox.list(dead=True)
    assert (dead.state, dead.tries, dead.error, dead.due) == (
        DeliveryState.DEAD,
        3,
        "no answer",
        None,
    )


def test_eight_tries_at_growing_distances_take_a_day() -> None:
    limits = DeliveryLimits()
    shortest = sum(limits.delays, timedelta())
    assert limits.tries == 8
    assert 22 * HOUR < shortest < shortest * (1 + limits.jitter) < 24 * HOUR
    assert list(limits.delays) == sorted(limits.delays)


async def test_a_final_failure_is_not_tried_again(
    ledger: JobLedger, outbox: JobOutbox, clock: Clock
) -> None:
    await ended(ledger)
    await outbox.failed(await claim(outbox), "gone", final=True)
    clock.advance(100 * HOUR)
    assert await outbox.claim() is None


async def test_a_sender_that_died_is_replaced_under_the_same_id(
    ledger: JobLedger, outbox: JobOutbox, clock: Clock
) -> None:
    await ended(ledger)
    first = await claim(outbox)
    clock.advance(LIMITS.lease)
    second = await claim(outbox)
    await outbox.delivered(first)  # not dead, only slow: its word comes too late
    assert (second.id, second.tries) == (first.id, 2)
    assert (await seen(outbox)).state is DeliveryState.SENDING


async def test_senders_that_always_die_have_an_end(
    ledger: JobLedger, outbox: JobOutbox, clock: Clock
) -> None:
    await ended(ledger)
    for _ in range(LIMITS.tries):
        await claim(outbox)
        clock.advance(LIMITS.lease)
    assert await outbox.claim() is None
    assert (await seen(outbox)).state is DeliveryState.DEAD


async def test_a_released_delivery_is_due_at_once_and_untried(
    ledger: JobLedger, outbox: JobOutbox
) -> None:
    await ended(ledger)
    await outbox.release(await claim(outbox), delay=NOW)
    assert (await claim(outbox)).tries == 1


async def test_one_host_does_not_hold_up_the_others(
    ledger: JobLedger, outbox: JobOutbox, clock: Clock
) -> None:
    for host in ("slow.example", "slow.example", "slow.example", "other.example"):
        await ended(ledger, request=to(host))
        clock.advance(SECOND)
    hosts = [delivery.host for _ in range(4) if (delivery := await outbox.claim())]
    assert hosts == ["slow.example", "slow.example", "other.example"]


async def test_a_sender_is_woken_by_an_end(ledger: JobLedger, outbox: JobOutbox) -> None:
    job = await accepted(ledger, request=WITH_WEBHOOK)
    async with asyncio.timeout(5):
        while await outbox.claim() is None:
            waiting = asyncio.create_task(outbox.due(within=LONG))
            await asyncio.sleep(0)
            await ledger.cancel(job.id)
            await waiting


async def test_a_sender_sleeps_while_the_only_host_is_busy(
    ledger: JobLedger, outbox: JobOutbox
) -> None:
    for _ in range(LIMITS.per_host + 1):
        await ended(ledger)
    for _ in range(LIMITS.per_host):
        await claim(outbox)
    waiting = asyncio.create_task(outbox.due(within=LONG))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    waiting.cancel()
    assert not done


async def test_an_operator_may_send_a_dead_one_again(ledger: JobLedger, outbox: JobOutbox) -> None:
    await ended(ledger)
    dead = await claim(outbox)
    await outbox.failed(dead, "gone", final=True)
    await outbox.retry(dead.id)
    again = await claim(outbox)
    assert (again.id, again.tries, again.error) == (dead.id, 1, "")


async def test_one_that_is_being_sent_is_not_begun_anew(
    ledger: JobLedger, outbox: JobOutbox
) -> None:
    await ended(ledger)
    sending = await claim(outbox)
    with pytest.raises(Conflict, match=f"{sending.id} is being sent"):
        await outbox.retry(sending.id)
    assert await outbox.claim() is None
    await outbox.delivered(sending)
    assert (await seen(outbox)).state is DeliveryState.DELIVERED


async def test_what_is_not_there_or_not_ended_can_not_be_sent(
    ledger: JobLedger, outbox: JobOutbox
) -> None:
    job = await accepted(ledger, request=WITH_WEBHOOK)
    for name in (f"msg_{job.id.hex}", "msg_unknown"):
        with pytest.raises(NotFound, match=name):
            await outbox.retry(name)


async def test_the_list_names_the_receiver_without_what_may_be_secret(
    ledger: JobLedger, outbox: JobOutbox
) -> None:
    await ended(ledger)
    assert (await seen(outbox)).host == "receiver.example"
