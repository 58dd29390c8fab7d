"""What lies in the models folder: what each file is, and why some can't be used."""

import asyncio
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.catalog.cards import PICKLE_REFUSED, PICKLES
from orchestrator.catalog.duplicates import digest, sample, suspects
from orchestrator.catalog.headers import UnusableFile, read_header
from orchestrator.catalog.memory import Entry, Memory
from orchestrator.catalog.recognise import recognise
from orchestrator.catalog.told import SIDECARS, read_sidecar, told
from orchestrator.errors import ConfigurationError
from orchestrator.models import WeightFacts

SAFE = ".safetensors"
SETTLE = 2.0  # seconds without a change, after which nobody is writing a file any more
PATIENCE = 1.0  # seconds that one look may take for reading headers; the rest waits for the next
STILL_WRITTEN = "is still being written"
UNREAD = "is about to be read"

Stamp = tuple[int, ...]  # size, times of the last change, inode; of the file and its sidecar


@dataclass(frozen=True)
class _Found:
    path: str
    stamp: Stamp
    changed: float  # seconds since the epoch
    sidecar: str  # empty: there is none


@dataclass(frozen=True)
class _Seen:
    stamp: Stamp
    since: float  # monotonic seconds
    facts: WeightFacts | None = None  # None: not read yet


class Weights:
    """The models folder of this host."""

    def __init__(self, folder: Path, *, memory: Memory | None = None) -> None:
        """`memory` holds what was read by earlier processes."""
        self._folder = folder
        self._memory = memory or Memory(None)
        self._seen: dict[str, _Seen] = {}
        self._facts: Mapping[str, WeightFacts] = {}
        self._samples: dict[tuple[str, Stamp], str] = {}
        self._digests: dict[tuple[str, Stamp], str] = {}

    def look(self) -> Mapping[str, WeightFacts]:
        """Every weight file by its path below the folder; the same object as before if nothing
        has changed. Blocks: new files are opened, for `PATIENCE` at most."""
        facts: dict[str, WeightFacts] = {}
        seen: dict[str, _Seen] = {}
        deadline = time.monotonic() + PATIENCE
        for name, found in self._files():
            if not name.endswith(SAFE):
                facts[name] = WeightFacts(fault=PICKLE_REFUSED)
                continue
            seen[name] = self._judge(name, found, in_time=time.monotonic() < deadline)
            facts[name] = seen[name].facts or WeightFacts(fault=_waits(found), pending=True)
        self._seen = seen
        self._memory.keep({n: Entry(s.stamp, s.facts) for n, s in seen.items() if s.facts})
        if facts != self._facts:
            self._facts = facts
        return self._facts

    async def compare(self) -> None:
        """Find out which files have the same content."""
        for names in suspects(self._facts):
            alike: dict[str, list[str]] = {}
            for name in names:
                with suppress(OSError):  # gone by now
                    alike.setdefault(await asyncio.to_thread(self._sample, name), []).append(name)
            for same in alike.values():
                if len(same) > 1:
                    await self._identify(same)

    def _sample(self, name: str) -> str:
        version = (name, self._seen[name].stamp if name in self._seen else ())
        if version not in self._samples:
            self._samples[version] = sample(self._folder / name)
        return self._samples[version]

    async def _identify(self, names: list[str]) -> None:
        for name in names:
            seen = self._seen.get(name)
            if seen and seen.facts and not seen.facts.digest:
                with suppress(OSError):
                    self._digests[name, seen.stamp] = await digest(self._folder / name)

    def _files(self) -> Iterator[tuple[str, _Found]]:
        top = len(str(self._folder)) + 1
        for root, names in _folders(self._folder):
            beside = frozenset(names)
            for name in names:
                if name.endswith((SAFE, *PICKLES)):
                    path = f"{root}/{name}"
                    found = _found(path, _sidecar(root, name, beside))
                    if found is not None:
                        yield path[top:], found

    def _judge(self, name: str, found: _Found, *, in_time: bool) -> _Seen:
        former = self._seen.get(name)
        if former is None or former.stamp != found.stamp:
            known = self._memory.recall(name, found.stamp)
            former = _Seen(found.stamp, time.monotonic(), known)
        if former.facts is not None:
            content = self._digests.pop((name, former.stamp), former.facts.digest)
            if content == former.facts.digest:
                return former
            return replace(former, facts=former.facts.evolve(digest=content))
        if not in_time:
            return former
        quiet = max(time.monotonic() - former.since, time.time() - found.changed)
        return former if quiet < SETTLE else replace(former, facts=_facts(found))


def _facts(found: _Found) -> WeightFacts:
    size = found.stamp[0] if found.stamp else 0
    try:
        header = read_header(Path(found.path))
    except UnusableFile as error:
        return WeightFacts(size=size, fault=str(error))
    sidecar, note = _sidecar_said(found)
    said = told(header.metadata, sidecar)
    known = recognise(header, hint=f"{said.base_model} {Path(found.path).stem}")
    return WeightFacts(
        size=size,
        role=known.role,
        family=known.family,
        kind=known.kind,
        title=said.title,
        triggers=said.triggers,
        note=note,
    )


def _sidecar_said(found: _Found) -> tuple[Mapping[str, Any], str]:
    """And why it is not used: what is wrong beside a file must not keep it back."""
    if not found.sidecar:
        return {}, ""
    sidecar = Path(found.sidecar)
    try:
        return read_sidecar(sidecar), ""
    except ConfigurationError as error:
        return {}, f"{sidecar.name} beside it is not used: {error}"


def _waits(found: _Found) -> str:
    return STILL_WRITTEN if time.time() - found.changed < SETTLE else UNREAD


def _sidecar(root: str, name: str, beside: frozenset[str]) -> str:
    stem = name.removesuffix(SAFE)
    return next((f"{root}/{stem}{end}" for end in SIDECARS if stem + end in beside), "")


def _found(path: str, sidecar: str) -> _Found | None:
    """None: it is no file but a pipe, a socket or a device, which may never end."""
    status = _status(path)
    if status and not stat.S_ISREG(status.st_mode):
        return None
    beside = _status(sidecar) if sidecar else None
    if beside and not stat.S_ISREG(beside.st_mode):
        sidecar, beside = "", None
    changed = status.st_mtime if status else 0.0
    return _Found(path, (*_stamp(status), *_stamp(beside)), changed, sidecar)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - thousands of times a look: a Path costs more than this
    except OSError:  # told when it is opened
        return None


def _stamp(status: os.stat_result | None) -> Stamp:
    if status is None:
        return ()
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _folders(top: Path) -> Iterator[tuple[str, list[str]]]:
    """All folders below with their files, links followed as ComfyUI does, each real folder once."""
    entered: set[tuple[int, int]] = set()
    for root, folders, names in os.walk(top, followlinks=True, onerror=_unless_hidden):
        try:
            status = Path(root).stat()
        except OSError as error:
            _unless_hidden(error)
            folders.clear()
            continue
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        yield root, sorted(name for name in names if not name.startswith("."))


def _unless_hidden(error: OSError) -> None:
    """A folder that is not there or not ours is empty; a disk that fails is not."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        raise error
