"""The small files of one folder, each read again only when it has changed."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from operator import attrgetter
from pathlib import Path
from typing import Generic, TypeVar

from orchestrator.errors import ConfigurationError

LIMIT = 4 << 20  # bytes a file, unless said otherwise
RACE = 2.0  # seconds; a change that soon after another may leave the times as they were

T = TypeVar("T")


@dataclass(frozen=True)
class Look(Generic[T]):
    good: Mapping[str, T]  # by stem; of a faulty file its last good version
    faults: Mapping[str, tuple[str, ...]]  # by stem; each names file, line and field


@dataclass(frozen=True)
class _Entry(Generic[T]):
    source: bytes | None = None
    value: T | None = None
    faults: tuple[str, ...] = ()
    stamp: tuple[int, ...] = ()  # empty: to be read again


class Dropped(Generic[T]):
    def __init__(
        self,
        folder: Path,
        pattern: str,
        read: Callable[[str, bytes], T],
        *,
        limit: int = LIMIT,
    ) -> None:
        """`read` turns stem and bytes into the value; raises ConfigurationError."""
        self._folder = folder
        self._pattern = pattern
        self._read = read
        self._limit = limit
        self._entries: dict[str, _Entry[T]] = {}
        self._look: Look[T] = Look({}, {})

    def look(self) -> Look[T]:
        """The same object as before if no value and no fault has changed. Blocks."""
        former = self._entries
        self._entries = {path.stem: self._entry(path, stamp) for path, stamp in self._files()}
        if list(former) != list(self._entries) or any(
            entry.value is not former[key].value or entry.faults != former[key].faults
            for key, entry in self._entries.items()
        ):
            self._look = Look(
                good={k: e.value for k, e in self._entries.items() if e.value is not None},
                faults={k: e.faults for k, e in self._entries.items() if e.faults},
            )
        return self._look

    def misfit(self, stem: str, field: str, said: str, reason: str) -> str:
        """A fault that shows only beside other files: of the field that says so."""
        source = (self._entries[stem].source or b"").decode(errors="replace")
        found = re.search(rf"\b{re.escape(field)}\W+{re.escape(said)}(?!\w)", source)
        line = source.count("\n", 0, found.start()) + 1 if found else 1
        name = self._pattern.replace("*", stem)
        return f"{_shown(self._folder / name)}: line {line}: {field}: {reason}"

    def _files(self) -> Iterator[tuple[Path, tuple[int, ...]]]:
        try:
            found = sorted(os.scandir(self._folder), key=attrgetter("name"))
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return
        for file in found:
            if file.name.startswith(".") or not fnmatch(file.name, self._pattern):
                continue
            with suppress(FileNotFoundError):  # gone by now
                if file.is_file():
                    yield Path(file), _stamp(file.stat())

    def _entry(self, path: Path, stamp: tuple[int, ...]) -> _Entry[T]:
        former = self._entries.get(path.stem, _Entry[T]())
        if stamp and stamp == former.stamp:
            return former
        source = None
        try:
            source = _bytes(path, self._limit)
            if source == former.source:
                return _Entry(source, former.value, former.faults, stamp)
            return _Entry(source, self._read(path.stem, source), (), stamp)
        except OSError as error:
            faults, stamp = [str(error.strerror)], ()
        except ConfigurationError as error:
            faults = str(error).splitlines()
        told = tuple(f"{_shown(path)}: {fault}" for fault in faults)
        return _Entry(source, former.value, told, stamp)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    settled = time.time() - max(status.st_mtime, status.st_ctime) > RACE
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_size, *times, status.st_ino) if settled else ()


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])  # as in workflows/models/sdxl.yaml


def _bytes(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        source = file.read(limit + 1)
    if len(source) > limit:
        raise ConfigurationError(f"is larger than {limit >> 20} MiB")
    return source


def text_of(source: bytes) -> str:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"line {line}: is not UTF-8") from error
