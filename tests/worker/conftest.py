"""Twins of all ports but the real ledger, and a worker that does not pause for long."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from twins import World
from worker_samples import Instances

from orchestrator import worker as worker_module
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.ports import Ports


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def instances(world: World) -> Instances:
    return Instances(world)


@pytest.fixture
async def ports(world: World, tmp_path: Path) -> AsyncIterator[Ports]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        ledger = JobLedger(database)
        yield replace(world.ports, ledger=ledger, queue=ledger)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "BACK_OFF", timedelta(milliseconds=1))
    monkeypatch.setattr(worker_module, "BEAT", timedelta(milliseconds=10))
