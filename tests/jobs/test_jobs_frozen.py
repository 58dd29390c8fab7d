"""A process that is frozen holds up no other, wherever it is stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from jobs_samples import accepted, claimed
from postgres_server import Server

from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.postgres import PostgresDatabase

FREEZES = 15
PROMPT = 1.0  # seconds within which the other must be served
LIMIT = 1.0  # seconds that a transaction may stand still

CLAIM_FOR_EVER = """
    async def claim():
        while True:
            await JobLedger(database).claim("frozen", holds="")
    await asyncio.gather(*(claim() for _ in range(4)))
"""
STOP_AMID_A_TRANSACTION = """
    class Stopping(dict):
        def __getitem__(self, name):
            os.kill(os.getpid(), signal.SIGSTOP)
            return super().__getitem__(name)
    sql = "SELECT :a::int"
    await database.write_all((sql, {"a": 1}), (sql, Stopping(a=1)), alone="accept")
"""
PROGRAM = """
import asyncio, os, signal, sys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.postgres import PostgresDatabase

async def main():
  async with PostgresDatabase(sys.argv[1], time_limit=1.0) as database:
    print("begun", flush=True)
{work}
asyncio.run(main())
"""


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.new_database()


@asynccontextmanager
async def at_work(work: str, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM.format(work=work), url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        assert await process.stdout.readline() == b"begun\n"
        yield process
    finally:
        process.kill()
        await process.wait()


async def until_stopped(process: asyncio.subprocess.Process) -> None:
    """Raises ChildProcessError if it has ended instead."""
    await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WSTOPPED)


async def test_a_frozen_claim_holds_up_no_other(url: str) -> None:
    async with PostgresDatabase(url) as database, at_work(CLAIM_FOR_EVER, url) as process:
        for number in range(FREEZES):
            await asyncio.sleep(0.03 + number * 0.003)  # at a different place each time
            process.send_signal(signal.SIGSTOP)
            await until_stopped(process)
            async with asyncio.timeout(PROMPT):
                await JobLedger(database).claim("b", holds="")
            process.send_signal(signal.SIGCONT)


async def test_the_server_ends_a_transaction_whose_client_is_frozen(url: str) -> None:
    async with PostgresDatabase(url) as database, at_work(STOP_AMID_A_TRANSACTION, url) as process:
        await until_stopped(process)
        async with asyncio.timeout(LIMIT + PROMPT):
            await accepted(JobLedger(database))


async def test_what_one_connection_has_planned_is_planned_again_by_another(url: str) -> None:
    async with PostgresDatabase(url, connections=1) as one, PostgresDatabase(url) as other:
        for database in (one, other, one):
            await accepted(JobLedger(database))
            await claimed(JobLedger(database))
