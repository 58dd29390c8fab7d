"""One service at a time in a data directory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.jobs.lock import DataLock

HOLD = """
import sys
from pathlib import Path
from orchestrator.jobs.lock import DataLock
with DataLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "imgen.lock").write_text("4194304000\n")  # left behind by an earlier one
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_service_is_refused_and_told_by_whom(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(ConfigurationError, match=rf"\(process {holder.pid}\)"), DataLock(tmp_path):
        pass


def test_the_lock_dies_with_its_holder(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with DataLock(tmp_path):
        pass


def test_the_lock_is_free_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with DataLock(tmp_path):
            pass


def test_children_of_the_service_do_not_inherit_the_lock(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with DataLock(tmp_path):
        child = subprocess.Popen(["cat"], stdin=pipe, stdout=pipe, close_fds=False)
    with child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(b"started")
        child.stdin.flush()
        child.stdout.read(1)
        with DataLock(tmp_path):
            assert child.poll() is None


def test_the_data_directory_is_made(tmp_path: Path) -> None:
    with DataLock(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").is_dir()
