"""Which weight files are whole, and what is said of the others."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from catalog_samples import Workspace, safetensors
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.catalog.headers import UnusableFile, read_header
from orchestrator.catalog.weights import SETTLE, Weights

WHOLE = safetensors()


def fault_of(folder: Path, content: bytes) -> str:
    file = folder / "x.safetensors"
    file.write_bytes(content)
    return fault(file)


def fault(file: Path) -> str:
    try:
        read_header(file)
    except UnusableFile as error:
        return str(error)
    return ""


def faults(folder: Path) -> Mapping[str, str]:
    return {name: facts.fault for name, facts in Weights(folder).look().items()}


def header(text: str, body: bytes = b"") -> bytes:
    return len(text.encode()).to_bytes(8, "little") + text.encode() + body


def test_a_whole_file_has_no_fault(tmp_path: Path) -> None:
    assert fault_of(tmp_path, WHOLE) == ""


@pytest.mark.parametrize("length", range(0, len(WHOLE), 7))
def test_a_part_of_a_file_is_not_whole(tmp_path: Path, length: int) -> None:
    assert fault_of(tmp_path, WHOLE[:length])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (WHOLE + b"\0", "bytes instead of"),
        (b"\xff" * 64, "no safetensors file"),
        (b"PK\x03\x04" + bytes(100), "no safetensors file|unreadable"),
        (header("{"), "unreadable header"),
        (header("[]"), "unreadable header"),
        (header('{"a": 1}'), "unreadable header"),
        (header('{"a": {"data_offsets": [0, "x"]}}'), "unreadable header"),
        (header("[" * 100_000), "unreadable header"),
        (header('{"__metadata__": {}}'), "holds no tensors"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    assert any(part in fault_of(tmp_path, content) for part in fault.split("|"))


def test_a_sparse_file_with_a_huge_header_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes((200 << 20).to_bytes(8, "little"))
    os.truncate(file, 1 << 30)
    assert fault(file) == "is cut off or no safetensors file"


@given(st.binary(max_size=100))
def test_no_content_is_worse_than_a_fault(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    assert fault_of(tmp_path_factory.getbasetemp(), content)


def test_files_are_found_in_subfolders_and_behind_links(
    workspace: Workspace, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    (elsewhere / "c.safetensors").write_bytes(WHOLE)
    workspace.weights("checkpoints/a.safetensors")
    workspace.weights("checkpoints/old/b.safetensors")
    (workspace.models / "checkpoints/linked").symlink_to(elsewhere)
    assert set(Weights(workspace.models).look()) == {
        "checkpoints/a.safetensors",
        "checkpoints/old/b.safetensors",
        "checkpoints/linked/c.safetensors",
    }


def test_a_link_to_its_own_folder_is_entered_once(workspace: Workspace) -> None:
    workspace.weights("loras/a.safetensors")
    (workspace.models / "loras/again").symlink_to(workspace.models / "loras")
    assert set(Weights(workspace.models).look()) == {"loras/a.safetensors"}


def test_a_link_to_nowhere_is_a_fault(workspace: Workspace) -> None:
    (workspace.models / "x.safetensors").symlink_to("nowhere")
    assert faults(workspace.models) == {"x.safetensors": "can't be read: No such file or directory"}


def test_a_pipe_is_no_file(workspace: Workspace) -> None:
    workspace.weights("loras/a.safetensors")
    for name in ("loras/a.json", "loras/b.safetensors"):  # whoever opens one waits for a writer
        os.mkfifo(workspace.models / name)
        os.utime(workspace.models / name, (0, 0))
    assert faults(workspace.models) == {"loras/a.safetensors": ""}


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Weights(tmp_path / "nowhere").look() == {}


def test_a_folder_may_go_while_it_is_looked_at(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.weights("a/x.safetensors")
    workspace.weights("b/x.safetensors")
    listed = os.walk

    def walk(top: Path, **said: Any) -> Iterator[tuple[str, list[str], list[str]]]:
        for root, folders, names in listed(top, **said):
            if root.endswith("a"):
                shutil.rmtree(root)
            yield root, folders, names

    monkeypatch.setattr(os, "walk", walk)
    assert faults(workspace.models) == {"b/x.safetensors": ""}


@pytest.mark.parametrize("suffix", ["ckpt", "pt", "pth", "bin"])
def test_pickle_files_are_refused_with_the_reason(workspace: Workspace, suffix: str) -> None:
    workspace.weights(f"checkpoints/x.{suffix}", WHOLE)
    assert "can run code" in faults(workspace.models)[f"checkpoints/x.{suffix}"]


def test_a_file_that_was_just_written_is_waited_for(workspace: Workspace) -> None:
    workspace.weights("x.safetensors", age=0)
    assert faults(workspace.models) == {"x.safetensors": "is still being written"}


def test_a_file_that_is_at_rest_is_offered_at_once(workspace: Workspace) -> None:
    workspace.weights("x.safetensors", age=SETTLE + 1)
    assert faults(workspace.models) == {"x.safetensors": ""}


def test_a_file_is_judged_again_when_it_changes(workspace: Workspace) -> None:
    weights = Weights(workspace.models)
    workspace.weights("x.safetensors", WHOLE[:-1])
    assert "bytes instead of" in weights.look()["x.safetensors"].fault
    workspace.weights("x.safetensors", WHOLE)
    assert weights.look()["x.safetensors"].fault == ""


def test_a_clock_that_is_wrong_does_not_hold_a_file_back_for_ever(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Weights(workspace.models)
    workspace.weights("x.safetensors", age=-3600)
    assert weights.look()["x.safetensors"].fault == "is still being written"
    monkeypatch.setattr("orchestrator.catalog.weights.SETTLE", 0.0)
    assert weights.look()["x.safetensors"].fault == ""
