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
PROMPT = 2.0  # seconds within which the other must be served; a lock would last for five
CLAIM_FOR_EVER = """
    async def claim():
        while True:
            await JobLedger(database).claim("frozen", holds="")
    await asyncio.gather(*(claim() for _ in range(4)))
"""
ACCEPT_FOR_EVER = """
    requests, ledger = Idempotency(database), JobLedger(database)
    async def accept():
        while True:
            named = await requests.reserve("key", uuid4().hex, body="")
            job = new_job(request=REQUEST.evolve(webhook_url="https://receiver.example"))
            await ledger.accept(job, reservation=named.token)
    await asyncio.gather(*(accept() for _ in range(4)))
"""
PROGRAM = """
import asyncio, sys
from uuid import uuid4
from jobs_samples import REQUEST, new_job
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.postgres import PostgresDatabase

async def main():
  async with PostgresDatabase(sys.argv[1]) as database:
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
        *(sys.executable, "-c", PROGRAM.format(work=work), url),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
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


@pytest.mark.parametrize("work", [CLAIM_FOR_EVER, ACCEPT_FOR_EVER], ids=["claim", "accept"])
async def test_a_frozen_process_holds_up_no_other(url: str, work: str) -> None:
    async with PostgresDatabase(url) as database, at_work(work, url) as process:
        for number in range(FREEZES):
            await asyncio.sleep(0.03 + number * 0.003)  # at a different place each time
            process.send_signal(signal.SIGSTOP)
            await until_stopped(process)
            async with asyncio.timeout(PROMPT):
                await accepted(JobLedger(database))
                await JobLedger(database).claim("b", holds="")
            process.send_signal(signal.SIGCONT)


async def test_what_one_connection_has_planned_is_planned_again_by_another(url: str) -> None:
    async with PostgresDatabase(url, connections=1) as one, PostgresDatabase(url) as other:
        for database in (one, other, one):
            await accepted(JobLedger(database))
            await claimed(JobLedger(database))
