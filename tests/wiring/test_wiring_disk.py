"""Whether there is room for another job."""

from pathlib import Path

from orchestrator.wiring.disk import FreeSpace


def test_a_disk_with_less_than_the_least_is_full(tmp_path: Path) -> None:
    assert FreeSpace(tmp_path, least=0).enough
    assert not FreeSpace(tmp_path, least=2**60).enough


def test_a_data_directory_that_is_gone_has_no_room(tmp_path: Path) -> None:
    assert not FreeSpace(tmp_path / "gone", least=0).enough


def test_every_folder_has_to_be_there(tmp_path: Path) -> None:
    assert not FreeSpace(tmp_path, tmp_path / "gone", least=0).enough


def test_what_is_left_of_each_folder_is_told(tmp_path: Path) -> None:
    here, gone = FreeSpace(tmp_path, tmp_path / "gone", least=7).rooms
    assert (here.folder, here.least) == (str(tmp_path), 7)
    assert here.free
    assert gone.free is None
