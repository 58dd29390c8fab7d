"""What only a folder can show: durability, permissions, crashes, full disks."""

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from orchestrator.errors import ConfigurationError, NotFound, StorageFull, StorageUnavailable
from orchestrator.models import Asset, AssetKind
from orchestrator.storage import LocalStorage

KEY = "assets/ab/abc_00001.jpg"
START = 1_800_000_000.0
HOUR = timedelta(hours=1)

WRITER = """
import asyncio, hashlib, os, sys
from pathlib import Path
from orchestrator.storage import LocalStorage

async def write():
    storage = LocalStorage(Path(sys.argv[1]), public_url="http://localhost", secret=b"s")
    while True:
        data = os.urandom(8) * 250_000
        key = f"assets/{hashlib.sha256(data).hexdigest()}"
        print(key, flush=True)
        await storage.put(key, data, content_type="image/png")

asyncio.run(write())
"""


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> LocalStorage:
    return LocalStorage(tmp_path, public_url="http://localhost:8080", secret=b"s", clock=clock)


async def put(storage: LocalStorage, key: str = KEY, data: bytes = b"picture") -> None:
    await storage.put(key, data, content_type="image/jpeg")


def file_names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def link_parts(storage: LocalStorage) -> dict[str, str]:
    asset = Asset(kind=AssetKind.SIGNED, key=KEY, content_type="image/jpeg")
    return dict(parse_qsl(urlsplit(storage.link(asset, lifetime=HOUR)).query))


async def test_a_link_leads_to_the_file(storage: LocalStorage, tmp_path: Path) -> None:
    await put(storage)
    served = await storage.follow(KEY, **link_parts(storage))
    assert served.path == tmp_path / KEY
    assert served.content_type == "image/jpeg"


async def test_a_link_ends_with_its_lifetime(storage: LocalStorage, clock: Clock) -> None:
    await put(storage)
    parts = link_parts(storage)
    clock.now += HOUR.total_seconds()
    with pytest.raises(NotFound):
        await storage.follow(KEY, **parts)


async def test_a_valid_link_to_a_deleted_file_leads_nowhere(storage: LocalStorage) -> None:
    with pytest.raises(NotFound):
        await storage.follow(KEY, **link_parts(storage))


async def test_files_are_their_owners_alone(storage: LocalStorage, tmp_path: Path) -> None:
    await put(storage)
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / KEY).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_is_said_and_leaves_nothing(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    await put(storage, "assets/ab/earlier.jpg")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        await put(storage)
    assert file_names(tmp_path) == ["earlier.jpg"]


async def test_another_fault_of_the_disk_makes_storage_unavailable(
    storage: LocalStorage, tmp_path: Path
) -> None:
    (tmp_path / "assets/ab").write_text("a file where a folder should be")
    with pytest.raises(StorageUnavailable):
        await put(storage)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=str(tmp_path / "file")):
        LocalStorage(tmp_path / "file", public_url="http://localhost", secret=b"s")


async def test_unfinished_files_of_others_are_swept_when_they_are_old(
    storage: LocalStorage, tmp_path: Path
) -> None:
    old, young = (tmp_path / "assets/.unfinished" / name for name in ("old", "young"))
    for file, age in ((old, 2 * 3600), (young, 60)):
        file.touch()
        os.utime(file, (START - age, START - age))
    LocalStorage(tmp_path, public_url="http://localhost", secret=b"s", clock=lambda: START)
    assert not old.exists()
    assert young.exists()


async def test_a_file_that_vanishes_while_it_is_swept_is_no_fault(
    storage: LocalStorage, tmp_path: Path
) -> None:
    vanished = tmp_path / "assets/.unfinished/vanished"
    vanished.symlink_to("nowhere")
    LocalStorage(tmp_path, public_url="http://localhost", secret=b"s")


def test_kill_while_writing_leaves_nothing_or_the_whole_file(tmp_path: Path) -> None:
    written = 0
    for moment in range(8):
        written += _write_and_kill(tmp_path, after=0.013 * moment)
    files = [f for f in (tmp_path / "assets").iterdir() if f.is_file()]
    assert all(hashlib.sha256(f.read_bytes()).hexdigest() == f.name for f in files)
    assert len(files) >= written > 0


def _write_and_kill(folder: Path, *, after: float) -> int:
    """How many writes the process had seen end when it was killed."""
    with subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        first = writer.stdout.readline()
        time.sleep(after)  # any moment will do: where the kill falls is the experiment
        writer.send_signal(signal.SIGKILL)
        announced = [first, *writer.stdout.readlines()]
    ended = [line.decode().strip() for line in announced[:-1]]
    assert all((folder / key).exists() for key in ended)
    return len(ended)
