"""How `make setup` tells a good environment from one that needs work."""

import shutil
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import setup
from scripts.setup import Environment, State, judge, write_stamp


def nothing() -> None: ...


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A finished one with a single distribution, made from one lock file."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "TORCH_INDEX", "")
    lock, home = tmp_path / "requirements.lock", tmp_path / ".venv"
    lock.write_text("thing==1.0")
    venv.create(home, with_pip=False, symlinks=True)
    environment = Environment("a test", home, (lock,), ("thing",), space=0, fill=nothing)
    metadata = packages(environment) / "thing-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (packages(environment) / "thing.py").touch()
    write_stamp(environment, torch="")
    return environment


def packages(environment: Environment) -> Path:
    return next(environment.home.glob("lib/python3*/site-packages"))


def test_a_finished_one_is_good(environment: Environment) -> None:
    assert judge(environment) is State.GOOD


def test_one_that_was_never_made_is_absent(environment: Environment) -> None:
    shutil.rmtree(environment.home)
    assert judge(environment) is State.ABSENT


def test_one_without_a_stamp_was_interrupted(environment: Environment) -> None:
    environment.stamp.unlink()
    assert judge(environment) is State.BROKEN


def test_a_stamp_that_was_cut_off_counts_for_nothing(environment: Environment) -> None:
    environment.stamp.write_text(environment.stamp.read_text()[:40])
    assert judge(environment) is State.BROKEN


def test_another_lock_file_makes_it_outdated(environment: Environment) -> None:
    environment.sources[0].write_text("thing==2.0")
    assert judge(environment) is State.OUTDATED


@pytest.mark.parametrize("lost", ["lib/*/site-packages/thing.py", "lib/*/*/thing-*", "bin/python"])
def test_a_lost_part_is_noticed(environment: Environment, lost: str) -> None:
    part = next(environment.home.glob(lost))
    shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()
    assert judge(environment) is State.BROKEN


def test_a_checkout_that_was_moved_needs_another_one(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "ROOT", environment.home)
    assert judge(environment) is State.BROKEN


class TestTorch:
    @pytest.fixture(autouse=True)
    def from_an_index(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(setup, "COMFYUI", environment)
        monkeypatch.setattr(setup, "TORCH_INDEX", "https://user:secret@one.example")
        write_stamp(environment, torch=setup.torch_source())

    def test_the_same_index_is_good(self, environment: Environment) -> None:
        assert judge(environment) is State.GOOD

    def test_with_no_index_named_what_is_there_stays(
        self, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(setup, "TORCH_INDEX", "")
        assert judge(environment) is State.GOOD

    def test_another_index_needs_another_environment(
        self, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(setup, "TORCH_INDEX", "https://two.example")
        assert judge(environment) is State.BROKEN

    def test_its_password_is_not_written_down(self, environment: Environment) -> None:
        assert "secret" not in environment.stamp.read_text()


def test_a_fault_on_the_way_leaves_no_stamp(environment: Environment) -> None:
    def fail() -> None:
        setup.run("false")

    broken = replace(environment, fill=fail)
    with pytest.raises(setup.SetupError):
        setup.make(broken, State.OUTDATED)
    assert judge(environment) is State.BROKEN
