"""What is SQLite's own: the file, its faults, its versions, and its death in mid-write."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs_samples import new_job

from orchestrator.errors import ConfigurationError, StorageFull, Unavailable
from orchestrator.jobs import schema, statements
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase

# Accepts jobs for ever and prints the id of each as soon as it is acknowledged.
ACCEPT_FOR_EVER = """
import asyncio, itertools, sys
from pathlib import Path
from jobs_samples import new_job
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase

async def accept_for_ever(ledger):
    while True:
        job = new_job()
        await ledger.accept(job)
        print(job.id, flush=True)

async def main():
    async with SqliteDatabase(Path(sys.argv[1])) as database:
        ledger = JobLedger(database)
        await asyncio.gather(*(accept_for_ever(ledger) for _ in range(8)))

asyncio.run(main())
"""


def names(path: Path, kind: str) -> set[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = ?", [kind])
        found = {name for (name,) in rows}
    connection.close()
    return found


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    [number] = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(number)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "imgen.db"


def acknowledged_before_a_kill(path: Path, *, after: int) -> set[str]:
    """Kill -9 an accepting process after so many acknowledgements; all that it gave."""
    with subprocess.Popen(
        [sys.executable, "-c", ACCEPT_FOR_EVER, path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        lines += list(process.stdout)
    return {line.strip() for line in lines if line.endswith("\n")}


@pytest.mark.parametrize("after", [1, 40, 200])
async def test_every_acknowledged_job_survives_a_kill(path: Path, after: int) -> None:
    acknowledged = await asyncio.to_thread(acknowledged_before_a_kill, path, after=after)
    async with SqliteDatabase(path) as database:
        rows = await database.read("SELECT id FROM jobs")
        [integrity] = await database.read("PRAGMA integrity_check")
    assert len(acknowledged) >= after
    assert acknowledged <= {row["id"] for row in rows}
    assert integrity == {"integrity_check": "ok"}


async def test_a_full_disk_refuses_and_is_said_so(path: Path) -> None:
    async with SqliteDatabase(path) as database:
        ledger = JobLedger(database)
        await database._writer.run(lambda db: db.execute("PRAGMA max_page_count = 40").fetchall())
        with pytest.raises(StorageFull):
            for _ in range(200):
                await ledger.accept(new_job())
        before = await ledger.counts()
        await database._writer.run(lambda db: db.execute("PRAGMA max_page_count = 4000").fetchall())
        await ledger.accept(new_job())
        assert sum((await ledger.counts()).values()) == sum(before.values()) + 1


@pytest.fixture
def small_files() -> Iterator[None]:
    """The system refuses to let a file grow: what a failing disk looks like."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_failing_disk_is_unavailable_and_loses_nothing(
    path: Path, small_files: None
) -> None:
    acknowledged = []
    async with SqliteDatabase(path) as database:
        ledger = JobLedger(database)
        with pytest.raises(Unavailable):
            for _ in range(1000):
                job = new_job()
                await ledger.accept(job)
                acknowledged.append(job)
    async with SqliteDatabase(path) as database:
        assert acknowledged
        assert [await JobLedger(database).get(job.id) for job in acknowledged] == acknowledged


@pytest.mark.parametrize("replacement", [None, b""])
async def test_nothing_is_accepted_into_a_file_that_is_gone(
    path: Path, replacement: bytes | None
) -> None:
    async with SqliteDatabase(path) as database:
        await asyncio.to_thread(path.rename, path.with_suffix(".old"))
        if replacement is not None:
            await asyncio.to_thread(path.write_bytes, replacement)
        with pytest.raises(Unavailable):
            await JobLedger(database).accept(new_job())


async def test_a_locked_database_is_unavailable_but_readable(path: Path) -> None:
    async with SqliteDatabase(path, busy_timeout=0.05) as database:
        ledger = JobLedger(database)
        job = new_job()
        await ledger.accept(job)
        rival = sqlite3.connect(path)
        rival.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await ledger.accept(new_job())
        assert await ledger.get(job.id) == job
        rival.close()
        await ledger.accept(new_job())


async def test_a_short_lock_is_waited_for(path: Path) -> None:
    async with SqliteDatabase(path) as database:
        rival = sqlite3.connect(path)
        rival.execute("BEGIN IMMEDIATE")
        accepting = asyncio.create_task(JobLedger(database).accept(new_job()))
        done, _ = await asyncio.wait([accepting], timeout=0.1)
        rival.close()
        await accepting
        assert not done


async def test_commits_are_on_disk_when_they_return(path: Path) -> None:
    async with SqliteDatabase(path) as database:
        synchronous, journal = await database._writer.run(
            lambda db: (
                db.execute("PRAGMA synchronous").fetchone(),
                db.execute("PRAGMA journal_mode").fetchone(),
            )
        )
    assert (synchronous, journal) == ((2,), ("wal",))  # 2 is FULL


async def test_reading_can_not_write(path: Path) -> None:
    async with SqliteDatabase(path) as database:
        with pytest.raises(Unavailable):
            await database.read("DELETE FROM jobs RETURNING id")


async def test_a_mistake_in_a_statement_is_not_taken_for_an_outage(path: Path) -> None:
    async with SqliteDatabase(path) as database:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await database.read("SELECT * FROM jbos")


async def test_a_claim_steps_from_lane_to_lane_without_looking_at_each_job(path: Path) -> None:
    names = ["now", "overdue", "holds", "free", "pro", "internal"]
    async with SqliteDatabase(path) as database:
        parameters = dict.fromkeys([*names, "owner", "ready_at", "claim_limit", "reason"], 0)
        plan = await database.read(f"EXPLAIN QUERY PLAN {statements.claim('')}", parameters)
    steps = [step["detail"] for step in plan]
    lane = "(priority,key_id,checkpoint,created)>(?,?,?,?)"
    assert f"SEARCH next USING INDEX jobs_lanes (status=? AND {lane})" in steps
    assert not any("SCAN jobs" in step for step in steps)


async def test_the_pace_looks_only_at_what_ended_lately(path: Path) -> None:
    async with SqliteDatabase(path) as database:
        plan = await database.read(f"EXPLAIN QUERY PLAN {statements.PACE}", {"since": 0})
    assert "SEARCH jobs USING INDEX jobs_finished (finished>?)" in [step["detail"] for step in plan]


async def test_an_older_database_is_brought_up_to_date(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job()
    async with SqliteDatabase(path) as database:
        await JobLedger(database).accept(job)
    newer = (*schema.MIGRATIONS, ("CREATE TABLE pets (name TEXT)",))
    monkeypatch.setattr("orchestrator.jobs.sqlite.MIGRATIONS", newer)
    async with SqliteDatabase(path) as database:
        assert await JobLedger(database).get(job.id) == job
    assert "pets" in names(path, "table")
    assert version(path) == len(newer)


async def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SqliteDatabase(path):
        pass
    broken = (*schema.MIGRATIONS, ("CREATE TABLE pets (name TEXT)", "CREATE TABLE jobs (id)"))
    monkeypatch.setattr("orchestrator.jobs.sqlite.MIGRATIONS", broken)
    with pytest.raises(ConfigurationError, match="jobs already exists"):
        await SqliteDatabase(path).__aenter__()
    assert "pets" not in names(path, "table")
    assert version(path) == len(schema.MIGRATIONS)


async def test_a_newer_database_is_refused(path: Path) -> None:
    sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close()
    with pytest.raises(ConfigurationError, match=f"{path.name} .*version 99"):
        await SqliteDatabase(path).__aenter__()


async def test_processes_that_start_together_migrate_once(path: Path) -> None:
    databases = [SqliteDatabase(path) for _ in range(4)]
    await asyncio.gather(*(database.__aenter__() for database in databases))
    await asyncio.gather(*(database.__aexit__() for database in databases))
    assert version(path) == len(schema.MIGRATIONS)


@pytest.fixture
def letter(path: Path) -> Path:
    path.write_text("this is a letter, not a database\n" * 100)
    return path


async def test_a_file_that_is_no_database_is_refused(letter: Path) -> None:
    with pytest.raises(ConfigurationError, match=letter.name):
        await SqliteDatabase(letter).__aenter__()


async def test_a_missing_folder_is_named(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        await SqliteDatabase(path.parent / "nowhere" / "imgen.db").__aenter__()
