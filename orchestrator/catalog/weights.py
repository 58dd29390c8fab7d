"""What lies in the models folder: which files are whole, and why the others can't be used."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.catalog.cards import PICKLE_REFUSED, PICKLES

SETTLE = 2.0  # seconds without a change, after which nobody is writing a file any more
HEADER_LIMIT = 100 << 20  # bytes; the format's own limit


@dataclass(frozen=True)
class _Seen:
    stamp: tuple[int, ...]  # size, times of the last change, inode
    since: float  # monotonic seconds
    fault: str | None = None  # None: not judged yet, "": whole


class Weights:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, _Seen] = {}

    def look(self) -> Mapping[str, str]:
        """Every weight file by its path below the folder, with why it can't be used, "" if it can.
        Blocks: new files are opened."""
        found: dict[str, str] = {}
        seen: dict[str, _Seen] = {}
        for path in _files(self._folder):
            name = path.relative_to(self._folder).as_posix()
            if path.suffix in PICKLES:
                found[name] = PICKLE_REFUSED
            elif path.suffix == ".safetensors":
                seen[name] = _judge(path, self._seen.get(name))
                fault = seen[name].fault
                found[name] = "is still being written" if fault is None else fault
        self._seen = seen
        return found


def safetensors_fault(path: Path) -> str:
    """Why this is no whole safetensors file; empty if it is one.

    The file is an 8-byte little-endian length, a JSON header of that length, and the tensors,
    of which the header tells the ends.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if length > min(size - 8, HEADER_LIMIT):
                return "is cut off or no safetensors file"
            header = _Header.model_validate_json(file.read(length))
    except OSError as error:
        return f"can't be read: {error.strerror}"
    except ValidationError:
        return "has an unreadable header"
    if not header.ends:
        return "holds no tensors"
    expected = 8 + length + max(header.ends)
    return "" if size == expected else f"has {size} bytes instead of {expected}"


class _Tensor(BaseModel):
    data_offsets: tuple[int, int]


class _Header(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Tensor]

    metadata: Any = Field(default=None, alias="__metadata__")

    @property
    def ends(self) -> list[int]:
        return [tensor.data_offsets[1] for tensor in self.__pydantic_extra__.values()]


def _files(folder: Path) -> Iterator[Path]:
    """All files below, links followed as ComfyUI does, each real folder once."""
    entered: set[tuple[int, int]] = set()
    for root, folders, names in os.walk(folder, followlinks=True, onerror=_unless_hidden):
        status = Path(root).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        yield from (Path(root, name) for name in sorted(names) if not name.startswith("."))


def _unless_hidden(error: OSError) -> None:
    """A folder that is not there or not ours is empty; a disk that fails is not."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        raise error


def _judge(path: Path, former: _Seen | None) -> _Seen:
    try:
        status = path.stat()
    except OSError as error:
        return _Seen((), time.monotonic(), f"can't be read: {error.strerror}")
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    now = _Seen(stamp, time.monotonic())
    if former is None or former.stamp != now.stamp:
        former = now
    if former.fault is not None:
        return former
    quiet = max(now.since - former.since, time.time() - status.st_mtime)
    return former if quiet < SETTLE else replace(former, fault=safetensors_fault(path))
