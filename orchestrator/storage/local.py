"""Storage in a folder: every file is written once, whole, and is on the disk before `put` ends."""

import asyncio
import errno
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from orchestrator.durable_files import sync_folder
from orchestrator.errors import (
    ConfigurationError,
    NotFound,
    StorageFull,
    StorageUnavailable,
    Unavailable,
)
from orchestrator.models import Asset
from orchestrator.storage.keys import checked, is_key
from orchestrator.storage.links import Links, content_type

T = TypeVar("T")

PREFIXES = ("assets", "blocked", "spool")
UNFINISHED = ".unfinished"  # below each prefix, so that a prefix may be a disk of its own
ABANDONED = 3600  # seconds after which an unfinished file belongs to nobody
THREADS = 4
TIME_LIMIT = 60  # seconds a disk may take


@dataclass(frozen=True)
class Served:
    """A file that a valid link leads to."""

    path: Path
    content_type: str


class LocalStorage:
    """Adapter for `ports.Storage`.

    Several processes may share the folder. Raises ConfigurationError if it can't be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        public_url: str,
        secret: bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._links = Links(public_url, secret)
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="storage")
        try:
            for prefix in PREFIXES:
                _prepare(folder / prefix / UNFINISHED, now=clock())
        except OSError as error:
            raise ConfigurationError(f"{folder}: can't store pictures here: {error}") from error

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:  # noqa: ARG002  the extension says it
        path = self._path(key)
        unfinished = self._folder / key.partition("/")[0] / UNFINISHED
        await self._run(partial(write_once, path, data, unfinished=unfinished))

    async def get(self, key: str) -> bytes | None:
        return await self._run(partial(_read, self._path(key)))

    async def has(self, key: str) -> bool:
        return await self._run(self._path(key).is_file)

    async def delete(self, key: str) -> None:
        await self._run(partial(_delete, self._path(key)))

    async def spooled(self, *, untouched: timedelta) -> list[str]:
        """Names below `spool/` of which nothing was written for so long."""
        before = self._clock() - untouched.total_seconds()
        return await self._run(partial(_older, self._folder / "spool", before))

    def link(self, asset: Asset, *, lifetime: timedelta) -> str:
        return self._links.make(
            asset.key, expires=math.ceil(self._clock() + lifetime.total_seconds())
        )

    async def follow(self, key: str, *, expires: str, signature: str) -> Served:
        """The file behind a link, from the parts of its URL. Raises NotFound if the link is not
        ours, has expired, or leads nowhere."""
        self._links.verify(key, expires=expires, signature=signature, now=self._clock())
        path = self._path(key)
        if not await self._run(path.is_file):
            raise NotFound
        return Served(path, content_type(key))

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(TIME_LIMIT):
                return await loop.run_in_executor(self._threads, work)
        except OSError as error:  # TimeoutError is one
            raise _meaning(error) from error


def write_once(path: Path, data: bytes, *, unfinished: Path) -> None:
    """Durable when it returns; a path that exists is left as it is.

    `unfinished` is a folder on the same disk. A crash leaves nothing or the whole file at `path`.
    """
    _make_folder(path.parent)
    if not path.exists():
        _write_whole(path, data, unfinished)
    sync_folder(path.parent)


def _write_whole(path: Path, data: bytes, unfinished: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=unfinished, prefix=path.name) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return  # somebody else was first


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def _older(folder: Path, before: float) -> list[str]:
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # deleted meanwhile
            if is_key(f"{folder.name}/{path.name}") and path.stat().st_mtime < before:
                found.append(path.name)
    return found


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def _prepare(unfinished: Path, *, now: float) -> None:
    """Make the folder and sweep what crashed processes have left in it."""
    _make_folder(unfinished)
    for file in unfinished.iterdir():
        with suppress(FileNotFoundError):  # its writer, or another sweeper, was first
            if now - file.stat().st_mtime > ABANDONED:
                file.unlink()


def _meaning(error: OSError) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull()
    return StorageUnavailable(detail=str(error) or type(error).__name__)
