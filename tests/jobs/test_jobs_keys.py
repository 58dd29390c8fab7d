"""What every database of API keys must hold to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from jobs_samples import SECOND, Clock

from orchestrator.errors import InvalidField, InvalidKey, KeyDisabled, NotFound, Rejected
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database, Parameters, Row
from orchestrator.jobs.keys import ApiKeys, Tier
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Caller

HALF = timedelta(seconds=0.5)


@pytest.fixture
async def keys(database: Database, clock: Clock) -> AsyncIterator[ApiKeys]:
    async with ApiKeys(database, clock=clock) as opened:
        yield opened


@pytest.fixture
async def beside(connect: Callable[[], Database]) -> AsyncIterator[ApiKeys]:
    """The command line, beside the running service."""
    async with connect() as database, ApiKeys(database) as opened:
        yield opened


async def test_a_new_key_is_its_owner(keys: ApiKeys) -> None:
    rulesets = frozenset({"default", "press"})
    secret = await keys.create("desk", tier=Tier.PRO, rulesets=rulesets, artist=True)
    [key] = await keys.list()
    assert await keys.caller(secret) == Caller(
        key_id=key.id, name="desk", tier="pro", rulesets=rulesets, admin=False, artist=True
    )


async def test_a_key_is_free_and_without_rights_unless_said(keys: ApiKeys) -> None:
    caller = await keys.caller(await keys.create("desk"))
    assert (caller.tier, caller.rulesets) == ("free", {"default"})
    assert not caller.admin
    assert not caller.artist


async def test_secrets_are_recognisable_and_long(keys: ApiKeys) -> None:
    secrets = {await keys.create(name) for name in ("one", "two", "three")}
    assert len(secrets) == 3
    assert all(secret.startswith("imgen_") and len(secret) == 62 for secret in secrets)


async def test_the_secret_is_nowhere_in_the_database(keys: ApiKeys, database: Database) -> None:
    secret = await keys.create("desk")
    [row] = await database.read("SELECT * FROM keys")
    assert secret.rpartition("_")[2] not in str(row)


async def test_a_listed_key_does_not_show_its_digest(keys: ApiKeys) -> None:
    await keys.create("desk")
    [key] = await keys.list()
    assert key.sha256 not in f"{key} {key!r} {key.model_dump_json()}"


def altered(secret: str) -> str:
    return secret[:-1] + ("A" if secret[-1] != "A" else "B")


@pytest.mark.parametrize(
    "forge",
    [
        lambda secret: "",
        lambda secret: "z-img-secret-key-2026",
        lambda secret: secret[:-1],
        lambda secret: secret + "A",
        lambda secret: secret + "\n",
        lambda secret: secret.upper(),
        lambda secret: "imgen_" + "0" * 12 + secret[18:],
        lambda secret: "\udcff" * 62,
        altered,
    ],
)
async def test_any_other_secret_is_invalid(keys: ApiKeys, forge: Callable[[str], str]) -> None:
    secret = await keys.create("desk")
    with pytest.raises(InvalidKey):
        await keys.caller(forge(secret))


async def test_a_known_key_with_another_secret_is_invalid_also_from_memory(keys: ApiKeys) -> None:
    secret = await keys.create("desk")
    await keys.caller(secret)
    with pytest.raises(InvalidKey):
        await keys.caller(altered(secret))


async def test_a_disabled_key_says_so_until_it_is_enabled(keys: ApiKeys) -> None:
    secret = await keys.create("desk")
    await keys.caller(secret)
    await keys.disable("desk")
    with pytest.raises(KeyDisabled):
        await keys.caller(secret)
    await keys.enable("desk")
    assert (await keys.caller(secret)).name == "desk"


async def test_whether_a_key_is_disabled_is_told_to_its_owner_only(keys: ApiKeys) -> None:
    secret = await keys.create("desk")
    await keys.disable("desk")
    with pytest.raises(InvalidKey):
        await keys.caller(altered(secret))


async def test_a_deleted_key_is_invalid(keys: ApiKeys) -> None:
    secret = await keys.create("desk")
    await keys.caller(secret)
    await keys.delete("desk")
    with pytest.raises(InvalidKey):
        await keys.caller(secret)
    assert await keys.list() == []


async def test_a_name_is_given_once(keys: ApiKeys) -> None:
    first = await keys.create("desk")
    with pytest.raises(Rejected, match="desk"):
        await keys.create("desk", admin=True)
    assert not (await keys.caller(first)).admin


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "a;b", "\x1b[31m"])
async def test_a_name_fits_on_a_line(keys: ApiKeys, name: str) -> None:
    with pytest.raises(InvalidField, match="name"):
        await keys.create(name)


@pytest.mark.parametrize("change", ["enable", "disable", "delete"])
async def test_changing_an_unknown_key_names_it(keys: ApiKeys, change: str) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await getattr(keys, change)("nobody")


async def test_keys_are_listed_by_name(keys: ApiKeys) -> None:
    for name in ("b", "a", "c"):
        await keys.create(name)
    assert [key.name for key in await keys.list()] == ["a", "b", "c"]


async def test_a_key_made_beside_the_service_works_at_once(keys: ApiKeys, beside: ApiKeys) -> None:
    assert (await keys.caller(await beside.create("desk"))).name == "desk"


@pytest.mark.parametrize(("change", "error"), [("disable", KeyDisabled), ("delete", InvalidKey)])
async def test_a_change_beside_the_service_is_seen_within_half_a_second(
    keys: ApiKeys, beside: ApiKeys, clock: Clock, change: str, error: type[Exception]
) -> None:
    secret = await keys.create("desk")
    await keys.caller(secret)
    await getattr(beside, change)("desk")
    clock.advance(HALF)
    with pytest.raises(error):
        await keys.caller(secret)


async def test_requests_are_counted_when_the_service_closes(
    database: Database, clock: Clock
) -> None:
    secret = await ApiKeys(database).create("desk")
    await ApiKeys(database).create("idle")
    for requests in (5, 2):
        clock.advance(SECOND)
        async with ApiKeys(database, clock=clock) as service:
            for _ in range(requests):
                await service.caller(secret)
    desk, idle = await ApiKeys(database).list()
    assert (desk.requests, desk.last_used) == (7, clock.now)
    assert (idle.requests, idle.last_used) == (0, None)


async def test_counts_are_written_while_the_service_runs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.jobs.keys.FLUSHED_EVERY", 0.01)
    counted = asyncio.Event()
    write = database.write

    async def notice(sql: str, *parameters: Parameters) -> list[Row]:
        rows = await write(sql, *parameters)
        if sql is statements.COUNT_REQUESTS:
            counted.set()
        return rows

    monkeypatch.setattr(database, "write", notice)
    async with ApiKeys(database) as service:
        await service.caller(await service.create("desk"))
        await asyncio.wait_for(counted.wait(), timeout=5)
        assert (await service.list())[0].requests == 1


async def test_refused_requests_are_not_counted(database: Database) -> None:
    async with ApiKeys(database) as service:
        secret = await service.create("desk")
        await service.disable("desk")
        with pytest.raises(KeyDisabled):
            await service.caller(secret)
    [key] = await ApiKeys(database).list()
    assert key.requests == 0


async def test_counts_wait_while_the_database_is_locked(
    open_sqlite: Callable[[], SqliteDatabase], caplog: pytest.LogCaptureFixture
) -> None:
    async with open_sqlite() as database, open_sqlite() as rival:
        service = ApiKeys(database)
        await service.caller(await service.create("desk"))
        await database._writer.run(lambda db: db.execute("PRAGMA busy_timeout = 10").fetchall())
        await rival._writer.run(lambda db: db.execute("BEGIN IMMEDIATE"))
        await service._flush()
        await rival._writer.run(lambda db: db.execute("ROLLBACK"))
        await service._flush()
        [key] = await service.list()
    assert key.requests == 1
    assert "wait for the database" in caplog.text
