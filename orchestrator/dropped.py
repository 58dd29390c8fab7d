"""The small files of one folder, each read again only when its bytes have changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from orchestrator.errors import ConfigurationError

LIMIT = 4 << 20  # bytes a file, unless said otherwise

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

    def look(self) -> Look[T]:
        paths = sorted(
            path
            for path in self._folder.glob(self._pattern)
            if path.is_file() and not path.name.startswith(".")
        )
        self._entries = {path.stem: self._entry(path) for path in paths}
        return Look(
            good={k: e.value for k, e in self._entries.items() if e.value is not None},
            faults={k: e.faults for k, e in self._entries.items() if e.faults},
        )

    def _entry(self, path: Path) -> _Entry[T]:
        former = self._entries.get(path.stem, _Entry[T]())
        source = None
        try:
            source = _bytes(path, self._limit)
            if source == former.source:
                return former
            return _Entry(source, self._read(path.stem, source))
        except OSError as error:
            faults = [str(error.strerror)]
        except ConfigurationError as error:
            faults = str(error).splitlines()
        where = "/".join(path.parts[-3:])  # as in workflows/models/sdxl.yaml
        return _Entry(source, former.value, tuple(f"{where}: {fault}" for fault in faults))


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
