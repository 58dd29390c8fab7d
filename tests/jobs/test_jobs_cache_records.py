"""What the cache keeps in the database of the jobs."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from jobs_samples import ASSET, START, VERDICT, Clock, accepted, claimed, new_job

from orchestrator.cache.archive import EVER
from orchestrator.errors import RequestUnderWay
from orchestrator.jobs import statements
from orchestrator.jobs.cache_records import CacheRecords
from orchestrator.jobs.database import Database
from orchestrator.jobs.idempotency import KEPT
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


async def test_a_hit_is_kept_while_its_request_may_be_repeated(
    records: CacheRecords, clock: Clock
) -> None:
    hit = new_job(source=uuid4())
    await records.add(hit)
    clock.advance(KEPT - SECOND)
    assert await records.get(hit.id)
    clock.advance(SECOND)
    assert await records.get(hit.id) is None


async def test_a_hit_that_nobody_can_ask_for_is_swept(
    records: CacheRecords, database: Database, clock: Clock, tmp_path
) -> None:
    await records.add(new_job(source=uuid4()))
    clock.advance(KEPT)
    storage = LocalStorage(tmp_path / "files", public_url="", secret=b"")
    await Retention(database, storage, Ages(), clock=clock).sweep()
    assert await database.read("SELECT id FROM cache_hits") == []


async def test_a_hit_whose_reservation_is_lost_is_not_handed_out(records: CacheRecords) -> None:
    hit = new_job(source=uuid4())
    with pytest.raises(RequestUnderWay):
        await records.add(hit, reservation="somebody else's")
    assert await records.get(hit.id) is None


def mark(job: Job) -> tuple[float, UUID]:
    assert job.finished
    return job.finished.timestamp(), job.id


async def test_pictured_are_safe_jobs_with_pictures_in_the_order_of_their_ends(
    records: CacheRecords, ledger: JobLedger
) -> None:
    newer, older = [await finished(ledger, at=at) for at in (2, 1)]
    await finished(ledger, at=3, safe=False)
    await accepted(ledger)
    assert await records.pictured(after=EVER) == [mark(older), mark(newer)]


async def test_they_are_read_in_pages_none_missed_and_none_twice(
    records: CacheRecords, ledger: JobLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "PICTURES_AT_ONCE", 2)
    made = [await finished(ledger, at=at) for at in (1, 2, 2, 2, 3)]
    read, after = [], EVER
    while page := await records.pictured(after=after):
        assert len(page) <= 2
        read, after = [*read, *page], page[-1]
    assert read == sorted(map(mark, made))


async def test_so_many_of_the_newest_come_after_what_is_before_them(
    records: CacheRecords, ledger: JobLedger
) -> None:
    made = [await finished(ledger, at=at) for at in (1, 2, 3)]
    before = await records.before(newest=2)
    assert before == mark(made[0])
    assert await records.pictured(after=before) == [mark(made[1]), mark(made[2])]
    assert await records.before(newest=3) is None


async def test_admitted_are_those_that_are_pictured_and_not_too_old(
    records: CacheRecords, ledger: JobLedger
) -> None:
    old, new = [await finished(ledger, at=at) for at in (1, 2)]
    blocked = await finished(ledger, at=3, safe=False)
    strangers = [uuid4() for _ in range(statements.PICTURES_AT_ONCE)]
    asked = [old.id, *strangers, blocked.id, new.id]
    assert await records.admitted(asked, after=EVER) == {old.id, new.id}
    assert await records.admitted(asked, after=mark(old)) == {new.id}
    assert await records.admitted([], after=EVER) == set()


async def test_what_was_disowned_is_pictured_again_when_readmitted(
    records: CacheRecords, ledger: JobLedger, clock: Clock
) -> None:
    old = await finished(ledger)
    clock.advance(SECOND)
    await records.disown()
    new = await finished(ledger, at=2)
    assert await records.pictured(after=EVER) == [mark(new)]
    await records.readmit()
    assert await records.pictured(after=EVER) == [mark(old), mark(new)]
