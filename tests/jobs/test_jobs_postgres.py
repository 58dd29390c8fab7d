"""What is PostgreSQL's own: its faults, its versions, its news, and coming back after a crash."""

import asyncio
from collections.abc import Callable, Iterator

import psycopg
import pytest
from jobs_samples import LONG, accepted, claimed, falls_asleep, new_job
from postgres_server import Server

from orchestrator.errors import ConfigurationError, StorageFull, Unavailable
from orchestrator.jobs import schema
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.postgres import PostgresDatabase

LIMIT = 20  # seconds until everything works again


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.new_database()


@pytest.fixture
def execute(url: str) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """What somebody else does in the same database."""
    with psycopg.connect(url, autocommit=True) as connection:

        def run(sql: str) -> list[tuple[object, ...]]:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

        yield run


async def test_news_reach_other_processes(url: str) -> None:
    async with PostgresDatabase(url) as one, PostgresDatabase(url) as other:
        waiting = await falls_asleep(JobLedger(other))
        await accepted(JobLedger(one))
        async with asyncio.timeout(2):
            await waiting


async def works_again(ledger: JobLedger) -> None:
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                await accepted(ledger)
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                return


async def test_a_crash_of_the_server_is_survived(postgres: Server, url: str) -> None:
    async with PostgresDatabase(url, time_limit=2) as database:
        ledger = JobLedger(database)
        job = await accepted(ledger)
        await asyncio.to_thread(postgres.stop)
        try:
            with pytest.raises(Unavailable):
                await accepted(ledger)
        finally:
            await asyncio.to_thread(postgres.start)
        await works_again(ledger)
        assert await ledger.get(job.id) == job


async def test_news_arrive_again_after_a_crash(postgres: Server, url: str) -> None:
    async with PostgresDatabase(url) as one, PostgresDatabase(url) as other:
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)
        await works_again(JobLedger(one))
        await works_again(JobLedger(other))
        while await JobLedger(other).claim("a", holds=""):
            pass
        async with asyncio.timeout(LIMIT):
            waiting = asyncio.create_task(JobLedger(other).ready(within=LONG))
            while not waiting.done():  # the listener may still be on its way back
                await accepted(JobLedger(one))
                await asyncio.wait([waiting], timeout=0.5)


async def test_a_full_disk_refuses_and_is_said_so(
    url: str, execute: Callable[[str], object]
) -> None:
    async with PostgresDatabase(url) as database:
        execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
        )
        execute("CREATE TRIGGER full_disk BEFORE INSERT ON jobs EXECUTE FUNCTION full_disk()")
        with pytest.raises(StorageFull):
            await JobLedger(database).accept(new_job())


async def test_a_statement_has_a_time_limit(url: str, execute: Callable[[str], object]) -> None:
    async with PostgresDatabase(url, time_limit=0.2) as database:
        execute("BEGIN; LOCK TABLE jobs")
        with pytest.raises(Unavailable):
            await JobLedger(database).accept(new_job())
        execute("ROLLBACK")
        await JobLedger(database).accept(new_job())


async def test_a_row_that_somebody_writes_is_not_waited_for(
    url: str, execute: Callable[[str], object]
) -> None:
    async with PostgresDatabase(url) as database:
        ledger = JobLedger(database)
        held = await accepted(ledger, key_id="a")
        free = await accepted(ledger, key_id="b")
        execute(f"BEGIN; UPDATE jobs SET error = 'x' WHERE id = '{held.id}'")
        assert (await claimed(ledger)).id == free.id
        execute("ROLLBACK")


async def test_work_ends_with_its_cancelled_caller(url: str) -> None:
    async def accept_for_ever(ledger: JobLedger) -> None:
        while True:
            await accepted(ledger)

    async with PostgresDatabase(url) as database:
        tasks = [asyncio.create_task(accept_for_ever(JobLedger(database))) for _ in range(20)]
        await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        _, unfinished = await asyncio.wait(tasks, timeout=5)
        assert not unfinished


async def test_a_mistake_in_a_statement_is_not_taken_for_an_outage(url: str) -> None:
    async with PostgresDatabase(url) as database:
        with pytest.raises(psycopg.errors.UndefinedTable):
            await database.read("SELECT * FROM jbos")


@pytest.mark.parametrize(
    "address",
    ["postgresql://imgen:s3cret@127.0.0.1:1/imgen", "postgresql://imgen:s3cret@[half/imgen"],
)
async def test_the_password_is_in_no_error(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await PostgresDatabase(address, time_limit=2).__aenter__()
    assert "s3cret" not in str(caught.value)


async def test_an_older_database_is_brought_up_to_date(
    url: str, execute: Callable[[str], list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PostgresDatabase(url) as database:
        job = await accepted(JobLedger(database))
    newer = (*schema.MIGRATIONS, ("CREATE TABLE pets (name TEXT)",))
    monkeypatch.setattr("orchestrator.jobs.postgres.MIGRATIONS", newer)
    async with PostgresDatabase(url) as database:
        assert await JobLedger(database).get(job.id) == job
    assert execute("SELECT version FROM imgen_schema") == [(len(newer),)]
    assert execute("SELECT * FROM pets") == []


async def test_a_migration_that_fails_changes_nothing(
    url: str, execute: Callable[[str], list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PostgresDatabase(url):
        pass
    broken = (*schema.MIGRATIONS, ("CREATE TABLE pets (name TEXT)", "CREATE TABLE jobs (id INT)"))
    monkeypatch.setattr("orchestrator.jobs.postgres.MIGRATIONS", broken)
    with pytest.raises(ConfigurationError, match=r"jobs.* already exists"):
        await PostgresDatabase(url).__aenter__()
    assert execute("SELECT version FROM imgen_schema") == [(len(schema.MIGRATIONS),)]
    assert execute("SELECT to_regclass('pets')") == [(None,)]


async def test_a_newer_database_is_refused(url: str, execute: Callable[[str], object]) -> None:
    execute("CREATE TABLE imgen_schema (version INT)")
    execute("INSERT INTO imgen_schema VALUES (99)")
    with pytest.raises(ConfigurationError, match="version 99"):
        await PostgresDatabase(url).__aenter__()


async def test_processes_that_start_together_migrate_once(
    url: str, execute: Callable[[str], list[object]]
) -> None:
    databases = [PostgresDatabase(url) for _ in range(4)]
    await asyncio.gather(*(database.__aenter__() for database in databases))
    await asyncio.gather(*(database.__aexit__() for database in databases))
    assert execute("SELECT version FROM imgen_schema") == [(len(schema.MIGRATIONS),)]
