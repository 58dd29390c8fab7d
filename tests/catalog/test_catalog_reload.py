"""The folders change while the catalog is open."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from catalog_samples import Workspace, safetensors

from orchestrator.catalog import Catalog
from orchestrator.models import Shelf

LIMIT = 10.0  # seconds; twice what is promised, as the machine may be busy


@pytest.fixture(params=["events", "polling", "neither"])
def watching(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the system tells of changes. `neither`: as a network folder, which sends no events."""
    if request.param == "polling":
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "true")
    if request.param == "neither":
        monkeypatch.setattr("orchestrator.catalog.catalog.awatch", silent)


async def silent(*_: Path, rust_timeout: int, **__: object) -> AsyncIterator[set[object]]:
    while True:
        await asyncio.sleep(rust_timeout / 1000)
        yield set()


@pytest.fixture
async def catalog(workspace: Workspace) -> AsyncIterator[Catalog]:
    workspace.card("one")
    async with Catalog(workspace.workflows, workspace.models) as catalog:
        yield catalog


async def seen(catalog: Catalog, holds: Callable[[Shelf], bool]) -> float:
    """Wait until the shelf is so; the seconds that it took."""
    start = time.monotonic()
    while not holds(catalog.shelf()):
        assert time.monotonic() - start < LIMIT, catalog.shelf()
        await asyncio.sleep(0.01)
    return time.monotonic() - start


@pytest.mark.usefixtures("watching")
async def test_a_dropped_checkpoint_appears(catalog: Catalog, workspace: Workspace) -> None:
    workspace.card("two", "checkpoint: two.safetensors")
    await seen(catalog, lambda shelf: "two" in shelf.withheld)
    workspace.weights("checkpoints/two.safetensors", age=0)
    await seen(catalog, lambda shelf: list(shelf.models) == ["two", "one"])


@pytest.mark.usefixtures("watching")
async def test_a_card_appears_changes_and_goes(catalog: Catalog, workspace: Workspace) -> None:
    card = workspace.card("two")
    await seen(catalog, lambda shelf: "two" in shelf.models)
    workspace.card("two", "order: 7")
    await seen(catalog, lambda shelf: shelf.models["two"].order == 7)
    card.unlink()
    await seen(catalog, lambda shelf: "two" not in shelf.models)


async def test_a_slow_copy_is_not_offered_before_its_end(
    catalog: Catalog, workspace: Workspace
) -> None:
    workspace.card("two", "checkpoint: two.safetensors")
    whole = safetensors(1000)
    file = workspace.drop("models/checkpoints/two.safetensors", b"")
    with file.open("ab", buffering=0) as copy:
        for start in range(0, len(whole), 100):
            assert "two" not in catalog.shelf().models
            copy.write(whole[start : start + 100])
            await asyncio.sleep(0.2)  # the copy is slow
    await seen(catalog, lambda shelf: "two" in shelf.models)


async def test_a_copy_into_a_file_of_full_length_is_not_offered_before_its_end(
    catalog: Catalog, workspace: Workspace
) -> None:
    workspace.card("two", "checkpoint: two.safetensors")
    whole = safetensors(1000)
    file = workspace.drop("models/checkpoints/two.safetensors", whole[:-900] + bytes(900))
    with file.open("r+b", buffering=0) as copy:
        for start in range(len(whole) - 900, len(whole), 100):
            copy.seek(start)
            copy.write(whole[start : start + 100])
            await asyncio.sleep(0.4)  # the copy is slow
            assert "two" not in catalog.shelf().models
    await seen(catalog, lambda shelf: "two" in shelf.models)


async def test_a_renamed_download_is_offered(catalog: Catalog, workspace: Workspace) -> None:
    workspace.card("two", "checkpoint: two.safetensors")
    download = workspace.weights("checkpoints/two.safetensors.part")
    download.rename(download.with_suffix(""))
    await seen(catalog, lambda shelf: "two" in shelf.models)


async def test_a_deleted_checkpoint_takes_its_model_along(
    catalog: Catalog, workspace: Workspace
) -> None:
    workspace.card("two", "checkpoint: two.safetensors")
    file = workspace.weights("checkpoints/two.safetensors")
    await seen(catalog, lambda shelf: "two" in shelf.models)
    file.unlink()
    await seen(catalog, lambda shelf: "two" in shelf.withheld)


async def test_a_faulty_card_is_served_as_it_was_until_it_is_mended(
    catalog: Catalog, workspace: Workspace
) -> None:
    good = catalog.shelf().models["one"]
    workspace.card("one", "order: x")
    await seen(catalog, lambda shelf: len(shelf.faults) == 1)
    assert catalog.shelf().models["one"] == good
    workspace.card("one", "order: 3")
    await seen(catalog, lambda shelf: not shelf.faults and shelf.models["one"].order == 3)


async def test_folders_may_go_and_come_back(catalog: Catalog, workspace: Workspace) -> None:
    shutil.rmtree(workspace.workflows)
    await seen(catalog, lambda shelf: shelf.models == {})
    workspace.template()
    workspace.card("two")
    await seen(catalog, lambda shelf: list(shelf.models) == ["two"])


@pytest.mark.usefixtures("watching")
async def test_a_name_that_is_no_text_keeps_nothing_back(
    catalog: Catalog, workspace: Workspace
) -> None:
    (workspace.workflows / "models" / os.fsdecode(b"b\xff.txt")).touch()
    for card in ("two", "three"):
        workspace.card(card)
        await seen(catalog, lambda shelf, card=card: card in shelf.models)


async def test_folders_may_come_late(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    async with Catalog(workspace.workflows, workspace.models) as catalog:
        assert catalog.shelf() == Shelf()
        workspace.template()
        workspace.card("one")
        await seen(catalog, lambda shelf: "one" in shelf.models)


async def test_a_shelf_in_hand_does_not_change(catalog: Catalog, workspace: Workspace) -> None:
    before = catalog.shelf()
    workspace.card("two")
    await seen(catalog, lambda shelf: "two" in shelf.models)
    assert list(before.models) == ["one"]


async def test_a_disk_that_fails_leaves_the_former_shelf(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = catalog.shelf()

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("orchestrator.catalog.weights.os.walk", fail)
    await until_logged(caplog, "can't be read")
    assert catalog.shelf() is before


async def until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    start = time.monotonic()
    while text not in caplog.text:
        assert time.monotonic() - start < LIMIT
        await asyncio.sleep(0.01)


def test_without_being_opened_it_can_be_read_once(workspace: Workspace) -> None:
    workspace.card("one")
    catalog = Catalog(workspace.workflows, workspace.models)
    assert catalog.shelf() == Shelf()
    assert catalog.read() is catalog.shelf()


async def test_nothing_is_read_after_the_end(workspace: Workspace) -> None:
    async with Catalog(workspace.workflows, workspace.models) as catalog:
        pass
    assert [task for task in asyncio.all_tasks() if task.get_name() == "catalog"] == []
    assert catalog.shelf().templates.keys() == {"one"}
