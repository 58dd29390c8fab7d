"""Which weight files have the same content. Few are read: only those of equal size can be the same,
and a sample tells most of them apart."""

import asyncio
import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.models import WeightFacts

SAMPLES = 16  # places, evenly spread
SAMPLE = 64 << 10  # bytes at each
CHUNK = 16 << 20  # bytes that are read at a time


def duplicates(weights: Mapping[str, WeightFacts]) -> tuple[tuple[str, ...], ...]:
    """The files that are known to be the same, group by group."""
    return tuple(
        tuple(sorted(names))
        for names in _groups((facts.digest, name) for name, facts in weights.items())
    )


def suspects(weights: Mapping[str, WeightFacts]) -> list[list[str]]:
    """The files that may be the same."""
    return _groups(
        (str(facts.size or ""), name) for name, facts in weights.items() if not facts.fault
    )


def _groups(named: Iterable[tuple[str, str]]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for mark, name in named:
        if mark:
            groups.setdefault(mark, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def sample(path: Path) -> str:
    """A digest of a few parts: files of equal size that differ in it differ. Raises OSError."""
    seen = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for number in range(SAMPLES):
            file.seek(max(0, size - SAMPLE) * number // (SAMPLES - 1))
            seen.update(file.read(SAMPLE))
    return seen.hexdigest()


async def digest(path: Path) -> str:
    """SHA-256 of the whole content, half of the time at rest. Raises OSError."""
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while True:
            start = time.monotonic()
            chunk = await asyncio.to_thread(file.read, CHUNK)
            if not chunk:
                return seen.hexdigest()
            await asyncio.to_thread(seen.update, chunk)
            await asyncio.sleep(time.monotonic() - start)
