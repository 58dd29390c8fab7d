"""A studio for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cache_studio import Studio
from twins import World

from orchestrator.jobs.sqlite import SqliteDatabase


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[Studio]:
    """A studio whose cache is to be opened."""
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        yield Studio(World(), database, tmp_path / "cache")


@pytest.fixture
async def studio(closed: Studio) -> AsyncIterator[Studio]:
    async with closed.open():
        await closed.usable()
        yield closed
