"""What is remembered of weight files, and which have the same content."""

import asyncio
from pathlib import Path

import pytest
from catalog_samples import Workspace, described, safetensors

from orchestrator.catalog import Memory, Weights
from orchestrator.catalog.duplicates import duplicates
from orchestrator.models import WeightFacts

LORA = described("lora.sdxl.kohya")


def look(workspace: Workspace, known: Path) -> dict[str, WeightFacts]:
    return dict(Weights(workspace.models, memory=Memory(known)).look())


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "weights.json"


def test_a_second_process_reads_no_header_again(
    workspace: Workspace, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    first = look(workspace, known)
    monkeypatch.setattr("orchestrator.catalog.weights.read_header", None)
    assert look(workspace, known) == first


def test_a_file_that_was_replaced_meanwhile_is_read_again(
    workspace: Workspace, known: Path
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    look(workspace, known)
    workspace.weights("loras/a.safetensors", described("lora.sd15.kohya"))
    assert look(workspace, known)["loras/a.safetensors"].family == "sd15"


def test_what_other_rules_have_made_is_not_used(
    workspace: Workspace, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    look(workspace, known)
    text = known.read_text().replace('"family":"sdxl"', '"family":"sd15"')
    known.write_text(text)
    assert look(workspace, known)["loras/a.safetensors"].family == "sd15"  # as it is written
    monkeypatch.setattr("orchestrator.catalog.memory._rules", lambda: "other rules")
    assert look(workspace, known)["loras/a.safetensors"].family == "sdxl"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"rules": 1}'])
def test_a_damaged_memory_is_as_good_as_none(
    workspace: Workspace, known: Path, content: bytes
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    known.write_bytes(content)
    assert look(workspace, known)["loras/a.safetensors"].family == "sdxl"


def test_a_memory_that_can_t_be_written_is_done_without(
    workspace: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    assert look(workspace, tmp_path / "none" / "x.json")
    assert "can't be written" in caplog.text


def test_a_look_that_finds_nothing_new_gives_the_same_object(workspace: Workspace) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    weights = Weights(workspace.models)
    assert weights.look() is weights.look()


def test_reading_many_headers_does_not_hold_up_a_look(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    weights = Weights(workspace.models)
    monkeypatch.setattr("orchestrator.catalog.weights.PATIENCE", -1.0)
    assert weights.look()["loras/a.safetensors"].pending
    monkeypatch.undo()
    assert weights.look()["loras/a.safetensors"].fault == ""


def compared(workspace: Workspace) -> tuple[tuple[str, ...], ...]:
    weights = Weights(workspace.models)
    weights.look()
    asyncio.run(weights.compare())
    return duplicates(weights.look())


def test_files_with_the_same_content_are_named(workspace: Workspace) -> None:
    for name in ("a", "b", "old/c"):
        workspace.weights(f"loras/{name}.safetensors", LORA)
    workspace.weights("loras/d.safetensors", described("lora.sd15.kohya"))
    names = ("loras/a.safetensors", "loras/b.safetensors", "loras/old/c.safetensors")
    assert compared(workspace) == (names,)


@pytest.mark.parametrize("place", [-1, -1_500_000])
def test_files_that_differ_in_one_byte_are_not_the_same(workspace: Workspace, place: int) -> None:
    whole = bytearray(safetensors(3_000_000))
    workspace.weights("loras/a.safetensors", bytes(whole))
    whole[place] ^= 1
    workspace.weights("loras/b.safetensors", bytes(whole))
    assert compared(workspace) == ()


def test_only_files_of_equal_size_are_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.weights("loras/a.safetensors", LORA)
    workspace.weights("loras/b.safetensors", described("lora.sd15.kohya"))
    monkeypatch.setattr("orchestrator.catalog.weights.sample", None)
    assert compared(workspace) == ()


def test_a_file_that_goes_meanwhile_is_passed_over(workspace: Workspace) -> None:
    for name in ("a", "b"):
        workspace.weights(f"loras/{name}.safetensors", LORA)
    weights = Weights(workspace.models)
    weights.look()
    (workspace.models / "loras/a.safetensors").unlink()
    asyncio.run(weights.compare())
    assert duplicates(weights.look()) == ()
