"""What every database of jobs must hold to: how things stand, at a glance."""

from jobs_samples import REQUEST, SECOND, START, Clock, accepted, claimed

from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outbox import JobOutbox
from orchestrator.models import Status

TOLD = REQUEST.evolve(webhook_url="https://studio.example/done")


async def test_an_empty_database_has_no_backlog(ledger: JobLedger) -> None:
    backlog = await ledger.backlog()
    assert set(backlog.jobs) == set(Status)
    assert not any(backlog.jobs.values())
    assert (backlog.oldest_wait, backlog.webhooks_due, backlog.webhooks_dead) == (0, 0, 0)


async def test_jobs_are_counted_by_status(ledger: JobLedger) -> None:
    for _ in range(3):
        await accepted(ledger)
    await claimed(ledger)
    jobs = (await ledger.backlog()).jobs
    assert (jobs[Status.IN_QUEUE], jobs[Status.IN_PROGRESS], jobs[Status.FAILED]) == (2, 1, 0)


async def test_the_oldest_of_those_that_wait_is_told(ledger: JobLedger, clock: Clock) -> None:
    await accepted(ledger, created=START - 60 * SECOND)
    await claimed(ledger)
    await accepted(ledger)
    clock.advance(5 * SECOND)
    assert (await ledger.backlog()).oldest_wait == 5


async def test_a_webhook_is_due_once_its_job_has_ended(ledger: JobLedger) -> None:
    job = await accepted(ledger, request=TOLD)
    before = (await ledger.backlog()).webhooks_due
    await ledger.cancel(job.id)
    assert (before, (await ledger.backlog()).webhooks_due) == (0, 1)


async def test_a_webhook_that_was_given_up_is_dead(
    database: Database, ledger: JobLedger, clock: Clock
) -> None:
    await ledger.cancel((await accepted(ledger, request=TOLD)).id)
    outbox = JobOutbox(database, clock=clock)
    delivery = await outbox.claim()
    assert delivery
    await outbox.failed(delivery, "gone", final=True)
    backlog = await ledger.backlog()
    assert (backlog.webhooks_due, backlog.webhooks_dead) == (0, 1)
