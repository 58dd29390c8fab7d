"""What every database of jobs must hold to: old things go, and nothing else does."""

from datetime import timedelta

import pytest
from jobs_samples import (
    ASSET,
    KEPT,
    LEASE,
    REQUEST,
    SECOND,
    VERDICT,
    Clock,
    accepted,
    claimed,
    new_job,
)

from orchestrator.jobs import retention as retention_module
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.retention import Ages, Retention
from orchestrator.jobs.rows import stage
from orchestrator.models import Asset, Job, Status, Verdict

DAY = timedelta(days=1)
AGES = Ages(jobs=90 * DAY, assets=30 * DAY, blocked=7 * DAY, verdicts=365 * DAY, spool=DAY)
SAFE = VERDICT.evolve(safe=True)


class Files:
    """A storage that remembers what was deleted."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    async def delete(self, key: str) -> None:
        self.deleted.append(key)

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...

    async def get(self, key: str) -> bytes | None: ...

    def link(self, asset: Asset, *, lifetime: timedelta) -> str:
        return ""


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def retention(database: Database, files: Files, clock: Clock) -> Retention:
    return Retention(database, files, AGES, clock=clock)


async def ended(ledger: JobLedger, **changes: object) -> Job:
    await accepted(ledger)
    job = (await claimed(ledger)).evolve(status=Status.COMPLETED, kept=(KEPT,), **changes)
    await ledger.save(job)
    return job


@pytest.mark.parametrize(("verdict", "age"), [(SAFE, AGES.assets), (VERDICT, AGES.blocked)])
async def test_pictures_go_when_they_are_old_and_the_record_stays(
    ledger: JobLedger,
    retention: Retention,
    files: Files,
    clock: Clock,
    verdict: object,
    age: timedelta,
) -> None:
    job = await ended(ledger, verdict=verdict, assets=(ASSET,))
    clock.advance(age - SECOND)
    await retention.sweep()
    before = list(files.deleted)
    clock.advance(SECOND)
    await retention.sweep()
    found = await ledger.get(job.id)
    assert found
    assert (before, found.assets) == ([], ())
    assert ASSET.key in files.deleted


async def test_what_a_cancelled_job_left_in_the_spool_goes(
    ledger: JobLedger, retention: Retention, files: Files, clock: Clock
) -> None:
    await accepted(ledger)
    job = (await claimed(ledger)).evolve(kept=(KEPT,))
    await ledger.save(job)
    await ledger.cancel(job.id)
    clock.advance(AGES.spool)
    await retention.sweep()
    assert f"spool/{job.id}" in files.deleted


async def test_what_a_job_that_was_claimed_too_often_left_in_the_spool_goes(
    database: Database, retention: Retention, files: Files, clock: Clock
) -> None:
    ledger = JobLedger(database, QueueLimits(lease=LEASE, claims=1), clock=clock)
    poison = await accepted(ledger)
    await claimed(ledger)
    clock.advance(LEASE)
    assert await ledger.claim("b", holds="") is None
    clock.advance(AGES.spool)
    await retention.sweep()
    assert f"spool/{poison.id}" in files.deleted


@pytest.mark.parametrize("verdict", [SAFE, VERDICT], ids=["safe", "blocked"])
async def test_what_a_cancelled_job_has_published_and_not_recorded_goes(
    ledger: JobLedger, retention: Retention, files: Files, clock: Clock, verdict: Verdict
) -> None:
    await accepted(ledger)
    job = (await claimed(ledger)).evolve(kept=(KEPT,), verdict=verdict)
    await ledger.save(job)
    await ledger.cancel(job.id)
    clock.advance(AGES.spool)
    await retention.sweep()
    assert {asset.key for asset in job.assets_of(KEPT)} <= set(files.deleted)


async def test_an_old_record_goes_and_its_verdict_stays(
    ledger: JobLedger, retention: Retention, database: Database, clock: Clock
) -> None:
    job = await ended(ledger, verdict=VERDICT, assets=(ASSET,))
    clock.advance(AGES.jobs)
    await retention.sweep()
    await retention.sweep()
    [kept] = await database.read("SELECT job_id, verdict FROM verdicts")
    assert await ledger.get(job.id) is None
    assert kept == {"job_id": str(job.id), "verdict": VERDICT.model_dump_json()}


async def test_what_was_sent_of_a_job_goes_with_its_record(
    ledger: JobLedger, retention: Retention, database: Database, clock: Clock
) -> None:
    request = REQUEST.evolve(webhook_url="https://receiver.example/")
    await accepted(ledger, request=request, status=Status.COMPLETED)
    clock.advance(AGES.jobs)
    await retention.sweep()
    assert await database.read("SELECT id FROM deliveries") == []


async def test_verdicts_go_at_last(
    ledger: JobLedger, retention: Retention, database: Database, clock: Clock
) -> None:
    await ended(ledger, verdict=VERDICT)
    clock.advance(AGES.verdicts)
    for _ in range(3):
        await retention.sweep()
    assert await database.read("SELECT job_id FROM verdicts") == []


async def test_a_job_that_has_not_ended_is_never_old(
    ledger: JobLedger, retention: Retention, clock: Clock
) -> None:
    job = await accepted(ledger)
    clock.advance(1000 * DAY)
    await retention.sweep()
    assert await ledger.get(job.id) == job


async def test_a_sweep_is_bounded_and_says_that_there_is_more(
    ledger: JobLedger, retention: Retention, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "BATCH", 2)
    for _ in range(3):
        await accepted(ledger, status=Status.COMPLETED)
    clock.advance(AGES.jobs)
    assert [await retention.sweep() for _ in range(2)] == [True, False]
    assert sum((await ledger.counts()).values()) == 0


@pytest.mark.parametrize("status", [Status.FAILED, Status.TIMED_OUT, Status.CANCELLED])
def test_a_job_that_was_cut_short_may_have_left_bytes_in_the_spool(status: Status) -> None:
    assert stage(new_job(status=status), now=0.0)["pictures"] == "spool"
