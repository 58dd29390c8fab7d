"""Secrets are made once and are for their owner only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.private_files import lasting_secret, write_private


def test_a_secret_lasts(tmp_path: Path) -> None:
    assert lasting_secret(tmp_path / "s") == lasting_secret(tmp_path / "s")


def test_all_who_start_together_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: lasting_secret(tmp_path / "x" / "s"), range(50)))
    assert len(made) == 1


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    write_private(tmp_path / "sub" / "s", "secret")
    assert stat.S_IMODE((tmp_path / "sub" / "s").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "sub").stat().st_mode) == 0o700


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    write_private(tmp_path / "s", "first")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "s", "second")
    assert (tmp_path / "s").read_text() == "first\n"
    assert [file.name for file in tmp_path.iterdir()] == ["s"]
