"""What a request leaves in the spool is swept if it was not accepted, and only then."""

import os
import time
from pathlib import Path
from uuid import uuid4

import pytest
from jobs_samples import accepted

from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.orphans import ABANDONED, Orphans
from orchestrator.storage import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files", public_url="", secret=b"")


async def spool(storage: LocalStorage, folder: Path, job_id: object, *, age: float) -> str:
    """A picture of a job; `age` in seconds."""
    key = f"spool/{job_id}/init_image"
    await storage.put(key, b"picture", content_type="image/png")
    written = time.time() - age
    os.utime(folder / "files" / "spool" / str(job_id), (written, written))
    return key


LONG_AGO = ABANDONED.total_seconds() + 60


async def test_pictures_of_no_job_are_swept(
    storage: LocalStorage, database: Database, tmp_path: Path
) -> None:
    key = await spool(storage, tmp_path, uuid4(), age=LONG_AGO)
    await Orphans(database, storage).sweep()
    assert not await storage.has(key)


async def test_pictures_of_a_request_under_way_stay(
    storage: LocalStorage, database: Database, tmp_path: Path
) -> None:
    key = await spool(storage, tmp_path, uuid4(), age=LONG_AGO - 120)
    await Orphans(database, storage).sweep()
    assert await storage.has(key)


async def test_pictures_of_a_job_stay_however_long_it_waits(
    storage: LocalStorage, database: Database, ledger: JobLedger, tmp_path: Path
) -> None:
    job = await accepted(ledger)
    key = await spool(storage, tmp_path, job.id, age=LONG_AGO)
    await Orphans(database, storage).sweep()
    assert await storage.has(key)
