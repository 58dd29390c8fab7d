"""What every database of jobs must hold to: what operators see of the jobs."""

import pytest
from jobs_samples import PLAN, SECOND, START, VERDICT, Clock, accepted, claimed

from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.overview import Overviews
from orchestrator.models import Job, Lane, Status

OTHER = PLAN.evolve(checkpoint="other.safetensors")


@pytest.fixture
def overviews(database: Database, clock: Clock) -> Overviews:
    return Overviews(database, clock=clock)


async def ended(ledger: JobLedger, clock: Clock, **changes: object) -> Job:
    clock.advance(SECOND)
    await accepted(ledger)
    job = (await claimed(ledger)).evolve(status=Status.COMPLETED, finished=clock.now, **changes)
    await ledger.save(job)
    return job


async def test_an_empty_database_has_nothing_to_show(overviews: Overviews) -> None:
    seen = await overviews.overview()
    assert (seen.lanes, seen.jobs, seen.judged.ended, seen.wait) == ((), (), 0, None)


async def test_what_waits_and_runs_is_counted_by_checkpoint(
    ledger: JobLedger, overviews: Overviews
) -> None:
    await accepted(ledger, created=START - 60 * SECOND)
    await claimed(ledger)
    await accepted(ledger, created=START - 5 * SECOND)
    for _ in range(2):
        await accepted(ledger, plan=OTHER)
    assert (await overviews.overview()).lanes == (
        Lane(checkpoint="other.safetensors", waiting=2, oldest=START),
        Lane(checkpoint=PLAN.checkpoint, waiting=1, running=1, oldest=START - 5 * SECOND),
    )


async def test_what_runs_comes_before_what_waits_and_what_has_ended(
    ledger: JobLedger, overviews: Overviews, clock: Clock
) -> None:
    first, second = await ended(ledger, clock), await ended(ledger, clock)
    running, waiting = await accepted(ledger), await accepted(ledger, created=clock.now)
    await claimed(ledger)
    seen = [job.id for job in (await overviews.overview()).jobs]
    assert seen == [running.id, waiting.id, second.id, first.id]


async def test_verdicts_are_counted_by_category(
    ledger: JobLedger, overviews: Overviews, clock: Clock
) -> None:
    await ended(ledger, clock)
    await ended(ledger, clock, verdict=VERDICT.evolve(safe=True, findings=(), unreviewed=True))
    blocked = await ended(ledger, clock, verdict=VERDICT)
    judged = (await overviews.overview()).judged
    assert (judged.ended, judged.safe, judged.unreviewed, judged.blocked) == (3, 1, 1, 1)
    assert judged.categories == {"Weapons": 1}
    assert [ruling.job_id for ruling in judged.latest] == [blocked.id]


async def test_the_end_of_the_queue_is_estimated_from_the_recent_ends(
    ledger: JobLedger, overviews: Overviews, clock: Clock
) -> None:
    await accepted(ledger)
    job = await claimed(ledger)
    clock.advance(4 * SECOND)
    await ledger.save(job.evolve(status=Status.COMPLETED, finished=clock.now))
    for _ in range(3):
        await accepted(ledger)
    assert (await overviews.overview()).wait == pytest.approx(12)


async def test_a_look_is_good_for_a_moment(
    ledger: JobLedger, overviews: Overviews, clock: Clock
) -> None:
    await overviews.overview()
    await accepted(ledger)
    before = (await overviews.overview()).waiting
    clock.advance(2 * SECOND)
    assert (before, (await overviews.overview()).waiting) == (0, 1)


async def test_a_job_of_another_version_hides_no_other(
    database: Database, ledger: JobLedger, overviews: Overviews
) -> None:
    strange, known = await accepted(ledger), await accepted(ledger)
    sql = "UPDATE jobs SET request = '{}' WHERE id = :id RETURNING id"
    await database.write(sql, {"id": str(strange.id)})
    assert [job.id for job in (await overviews.overview()).jobs] == [known.id]
