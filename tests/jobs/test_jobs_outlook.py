"""What every database of jobs must hold to: where a waiting job stands."""

from datetime import timedelta

import pytest
from jobs_samples import SECOND, START, Clock, accepted, claimed, new_job

from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outlook import LOOKED, Outlook
from orchestrator.models import Status


@pytest.fixture
def outlook(database: Database, clock: Clock) -> Outlook:
    return Outlook(database, clock=clock)


async def test_places_follow_priority_and_age(ledger: JobLedger, outlook: Outlook) -> None:
    jobs = [
        await accepted(ledger, created=START - age * SECOND, priority=priority)
        for age, priority in [(1, 0), (3, 0), (2, 20), (9, 10), (5, 20)]
    ]
    positions = {job.id: (await outlook.place(job)).position for job in jobs}
    order = [(await claimed(ledger)).id for _ in jobs]
    assert [positions[job_id] for job_id in order] == [1, 2, 3, 4, 5]


async def test_a_place_moves_up_after_a_moment(
    ledger: JobLedger, outlook: Outlook, clock: Clock
) -> None:
    await accepted(ledger, created=START - SECOND)
    job = await accepted(ledger)
    before = await outlook.place(job)
    await claimed(ledger)
    clock.advance(timedelta(seconds=LOOKED))
    assert (before.position, (await outlook.place(job)).position) == (2, 1)


async def test_the_wait_is_estimated_from_how_long_jobs_took(
    ledger: JobLedger, outlook: Outlook, clock: Clock
) -> None:
    await accepted(ledger)
    done = await claimed(ledger)
    clock.advance(12 * SECOND)
    await ledger.save(done.evolve(status=Status.COMPLETED))
    for _ in range(2):  # are worked on at the same time
        await accepted(ledger)
        await claimed(ledger)
    for age in (2, 1):
        job = await accepted(ledger, created=START - age * SECOND)
    assert (await outlook.place(job)).wait == pytest.approx(2 * 12 / 2)


async def test_without_experience_no_wait_is_told(outlook: Outlook) -> None:
    assert (await outlook.place(new_job())).wait is None
