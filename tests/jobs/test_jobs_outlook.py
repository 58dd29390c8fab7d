"""What every database of jobs must hold to: where a waiting job stands."""

from datetime import timedelta

import pytest
from jobs_samples import SECOND, START, Clock, accepted, claimed, new_job

from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outlook import LOOKED, RECENT, Outlook
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


async def test_the_wait_is_estimated_from_jobs_that_ended_lately(
    ledger: JobLedger, outlook: Outlook
) -> None:
    for _ in range(3):
        await accepted(ledger)
        await ledger.save((await claimed(ledger)).evolve(status=Status.COMPLETED))
    job = await accepted(ledger)
    assert (await outlook.place(job)).wait == pytest.approx(RECENT / 3)


async def test_without_experience_no_wait_is_told(outlook: Outlook) -> None:
    assert (await outlook.place(new_job())).wait is None
