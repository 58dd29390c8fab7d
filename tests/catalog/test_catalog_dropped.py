"""Files that change while their folder is read."""

from pathlib import Path

from orchestrator.dropped import Dropped


def test_a_file_may_go_after_its_folder_was_listed(tmp_path: Path) -> None:
    def read(stem: str, source: bytes) -> bytes:
        (tmp_path / "b.yaml").unlink()
        return source

    for stem in ("a", "b"):
        (tmp_path / f"{stem}.yaml").write_bytes(b"1")
    look = Dropped(tmp_path, "*.yaml", read).look()
    assert (look.good, look.faults) == ({"a": b"1"}, {})
