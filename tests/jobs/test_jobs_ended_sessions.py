"""Sessions that were left are over in every process."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from jobs_samples import Clock

from orchestrator.jobs import retention_statements as statements
from orchestrator.jobs.database import Database
from orchestrator.jobs.ended_sessions import EndedSessions


@pytest.fixture
def ended(database: Database, clock: Clock) -> EndedSessions:
    return EndedSessions(database, clock=clock)


async def test_a_session_goes_on_until_it_is_left(ended: EndedSessions, clock: Clock) -> None:
    assert not await ended.has_ended("one")
    await ended.end("one", expires=clock())
    assert await ended.has_ended("one")
    assert not await ended.has_ended("two")


async def test_leaving_twice_is_leaving(ended: EndedSessions, clock: Clock) -> None:
    await ended.end("one", expires=clock())
    await ended.end("one", expires=clock())
    assert await ended.has_ended("one")


async def test_another_process_hears_of_it(
    ended: EndedSessions, connect: Callable[[], Database], clock: Clock
) -> None:
    async with connect() as database:
        other = EndedSessions(database, clock=clock)
        assert not await other.has_ended("one")
        await ended.end("one", expires=clock())
        clock.advance(timedelta(seconds=0.5))
        assert await other.has_ended("one")


async def test_it_is_forgotten_when_it_would_be_over_anyway(
    ended: EndedSessions, database: Database, clock: Clock
) -> None:
    await ended.end("one", expires=clock())
    await ended.end("two", expires=clock() + 1)
    old = {"before": clock(), "batch": 100}
    assert await database.write(statements.DELETE_ENDED_SESSIONS, old) == [{"name": "one"}]
