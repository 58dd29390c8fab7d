"""Published files, on both databases."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from jobs_samples import Clock
from waiting import until

from orchestrator.errors import InvalidField, NotFound, PreconditionFailed, Rejected
from orchestrator.jobs.database import Database
from orchestrator.jobs.published import PublishedFiles

AYA = "characters/aya.yaml"


def check(path: str, content: str | None) -> Sequence[str]:
    return [f"{path}: line 1: bad"] if content == "bad" else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workflows"


@pytest.fixture
def files(database: Database, folder: Path, clock: Clock) -> PublishedFiles:
    return PublishedFiles(database, folder, check=check, clock=clock)


async def test_the_folder_has_what_was_published(files: PublishedFiles, folder: Path) -> None:
    await files.publish(AYA, "name: aya\n", author="ada")
    assert (folder / AYA).read_text() == "name: aya\n"


async def test_every_version_can_be_had_again(files: PublishedFiles) -> None:
    for content in ("one", "two"):
        await files.publish(AYA, content, author="ada")
    history = await files.history(AYA)
    assert [v.number for v in history] == [2, 1]
    assert [await files.content(AYA, v.number) for v in history] == ["two", "one"]


async def test_what_was_there_before_is_kept(files: PublishedFiles, folder: Path) -> None:
    (folder / "characters").mkdir(parents=True)
    (folder / AYA).write_text("by hand")
    await files.publish(AYA, "new", author="ada")
    assert [v.author for v in await files.history(AYA)] == ["ada", ""]
    assert await files.content(AYA, 1) == "by hand"


async def test_a_deleted_file_is_gone_and_can_come_back(
    files: PublishedFiles, folder: Path
) -> None:
    await files.publish(AYA, "one", author="ada")
    await files.publish(AYA, None, author="ada")
    assert not (folder / AYA).exists()
    assert await files.content(AYA, 1) == "one"


async def test_only_the_version_that_is_named_is_replaced(
    files: PublishedFiles, folder: Path
) -> None:
    one = await files.publish(AYA, "one", author="ada", replaces="")
    await files.publish(AYA, "two", author="ada", replaces=one.digest)
    for seen in (one.digest, ""):
        with pytest.raises(PreconditionFailed):
            await files.publish(AYA, "three", author="bob", replaces=seen)
    assert (folder / AYA).read_text() == "two"


async def test_a_faulty_file_changes_nothing(files: PublishedFiles, folder: Path) -> None:
    (folder / "characters").mkdir(parents=True)
    (folder / AYA).write_text("good")
    with pytest.raises(Rejected, match="line 1: bad"):
        await files.publish(AYA, "bad", author="ada")
    assert (folder / AYA).read_text() == "good"
    assert await files.history(AYA) == []


@pytest.mark.parametrize(
    "path",
    ["", "aya.yaml", "/etc/aya.yaml", "models/../../aya.yaml", "models/.aya.yaml", "models/a.py"],
)
async def test_nothing_is_published_elsewhere(files: PublishedFiles, path: str) -> None:
    with pytest.raises(InvalidField):
        await files.publish(path, "one", author="ada")


async def test_a_version_that_never_was_is_named(files: PublishedFiles) -> None:
    with pytest.raises(NotFound, match="version 3"):
        await files.content(AYA, 3)


async def test_another_process_has_it_at_once(
    open_postgres: Callable[[], Database], tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    async with open_postgres() as one, open_postgres() as other:
        following = asyncio.create_task(PublishedFiles(other, there, check=check).follow())
        await PublishedFiles(one, here, check=check).publish(AYA, "one", author="ada")
        await until((there / AYA).exists, within=4)  # the slow look is due after 5 s
        following.cancel()
    assert (there / AYA).read_text() == "one"
