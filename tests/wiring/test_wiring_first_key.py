"""The first admin key, when the process dies while it is made."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.errors import Unavailable
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.settings import ADMIN_KEY_FILE, Settings
from orchestrator.wiring.service import make_first_key


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[ApiKeys]:
    async with SqliteDatabase(tmp_path / "imgen.db") as database:
        yield ApiKeys(database)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def key_in(folder: Path) -> str:
    return (folder / ADMIN_KEY_FILE).read_text().strip()


async def test_the_key_in_the_file_is_an_admins(
    keys: ApiKeys, settings: Settings, tmp_path: Path
) -> None:
    await make_first_key(keys, settings, lambda _: None)
    assert (await keys.caller(key_in(tmp_path))).admin


async def test_a_second_start_makes_no_other(
    keys: ApiKeys, settings: Settings, tmp_path: Path
) -> None:
    await make_first_key(keys, settings, lambda _: None)
    first = key_in(tmp_path)
    await make_first_key(keys, settings, lambda _: None)
    assert key_in(tmp_path) == first


@pytest.mark.parametrize("fails", ["orchestrator.wiring.service.write_private", "create"])
async def test_a_start_that_was_cut_short_is_made_good_by_the_next(
    keys: ApiKeys, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as dying, pytest.raises(Unavailable):
        if fails == "create":
            dying.setattr(keys, "create", die)
        else:
            dying.setattr(fails, die)
        await make_first_key(keys, settings, lambda _: None)
    await make_first_key(keys, settings, lambda _: None)
    assert (await keys.caller(key_in(tmp_path))).admin


def rights_of_others(folder: Path) -> set[int]:
    return {file.stat().st_mode & 0o077 for file in folder.glob("imgen.db*")}


async def test_the_database_is_for_its_owner_only(keys: ApiKeys, tmp_path: Path) -> None:
    await keys.list()
    assert rights_of_others(tmp_path) == {0}
