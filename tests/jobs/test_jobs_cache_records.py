"""What the cache keeps in the database of the jobs."""

from datetime import timedelta
from uuid import uuid4

import pytest
from jobs_samples import ASSET, START, VERDICT, Clock, accepted, claimed, new_job

from orchestrator.errors import RequestUnderWay
from orchestrator.jobs.cache_records import LIFETIME, CacheRecords
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.retention import Ages, Retention
from orchestrator.models import Job, Status
from orchestrator.storage import LocalStorage

SECOND = timedelta(seconds=1)
SAFE = VERDICT.evolve(safe=True, findings=())


@pytest.fixture
def records(database: Database, clock: Clock) -> CacheRecords:
    return CacheRecords(database, clock=clock)


async def finished(ledger: JobLedger, *, at: int = 0, safe: bool = True) -> Job:
    """A job with a picture, `at` so many seconds after the start."""
    await accepted(ledger)
    job = await claimed(ledger)
    job = job.evolve(
        status=Status.COMPLETED,
        finished=START + at * SECOND,
        verdict=SAFE if safe else VERDICT,
        assets=(ASSET,),
    )
    await ledger.save(job)
    return job


async def test_a_hit_is_what_was_handed_out(records: CacheRecords) -> None:
    hit = new_job(source=uuid4())
    await records.add(hit)
    assert await records.get(hit.id) == hit


async def test_a_hit_can_be_asked_for_during_an_hour(records: CacheRecords, clock: Clock) -> None:
    hit = new_job(source=uuid4())
    await records.add(hit)
    clock.advance(LIFETIME - SECOND)
    assert await records.get(hit.id)
    clock.advance(SECOND)
    assert await records.get(hit.id) is None


async def test_a_hit_that_has_expired_is_swept(
    records: CacheRecords, database: Database, clock: Clock, tmp_path
) -> None:
    await records.add(new_job(source=uuid4()))
    clock.advance(LIFETIME)
    storage = LocalStorage(tmp_path / "files", public_url="", secret=b"")
    await Retention(database, storage, Ages(), clock=clock).sweep()
    assert await database.read("SELECT id FROM cache_hits") == []


async def test_a_hit_whose_reservation_is_lost_is_not_handed_out(records: CacheRecords) -> None:
    hit = new_job(source=uuid4())
    with pytest.raises(RequestUnderWay):
        await records.add(hit, reservation="somebody else's")
    assert await records.get(hit.id) is None


async def test_pictured_are_safe_jobs_with_pictures_newest_first(
    records: CacheRecords, ledger: JobLedger
) -> None:
    older, newer = [await finished(ledger, at=at) for at in (1, 2)]
    await finished(ledger, at=3, safe=False)
    await accepted(ledger)
    assert await records.pictured(newest=10) == [newer.id, older.id]
    assert await records.pictured(newest=1) == [newer.id]


async def test_what_was_disowned_is_pictured_again_when_readmitted(
    records: CacheRecords, ledger: JobLedger, clock: Clock
) -> None:
    old = await finished(ledger)
    clock.advance(SECOND)
    await records.disown()
    new = await finished(ledger, at=2)
    assert await records.pictured(newest=10) == [new.id]
    await records.readmit()
    assert await records.pictured(newest=10) == [new.id, old.id]
