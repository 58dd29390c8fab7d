"""Two doors and two workers on one PostgreSQL, as processes."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.jobs import postgres_server

from .clients import Clients
from .fleet import fleet
from .processes import Process
from .sites import running
from .verdict import judge

JOBS = 40
LIMIT = 30  # seconds from the death of a worker to the end of its jobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def database() -> Iterator[str]:
    with postgres_server.running_or_skipped() as server:
        yield server.new_database()


async def test_a_dead_workers_jobs_go_on_elsewhere(database: str, tmp_path: Path) -> None:
    async with running(fleet(tmp_path, database)) as site:
        comfyui, worker = site.processes[0], site.processes[2]
        clients = Clients(site.doors, site.key, told=lambda _: None)
        ordering = asyncio.create_task(clients.run(JOBS))
        await until_busy(database, worker)
        await asyncio.gather(worker.kill(), comfyui.kill())
        killed = time.monotonic()
        await ordering
        elapsed = time.monotonic() - killed
        verdict = judge(JOBS, clients.accepted, clients.ended, site.stored())
    assert verdict.kept, verdict
    assert elapsed < LIMIT


async def until_busy(database: str, worker: Process) -> None:
    """Until jobs are leased to the worker."""
    url = worker.environment["IMGEN_COMFYUI_URLS"].split(",")[0]
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        query = """
            SELECT count(*) FROM jobs JOIN workers ON workers.id = jobs.owner
            WHERE jobs.status = 'IN_PROGRESS' AND workers.instances LIKE %s
        """
        while True:
            row = await (await connection.execute(query, [f"%{url}%"])).fetchone()
            if row and row[0]:
                return
            await asyncio.sleep(0.02)
