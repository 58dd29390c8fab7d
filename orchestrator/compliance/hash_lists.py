"""Known pictures: PDQ hash lists that are dropped into a folder.

A list is a text file, `<name>.txt`, with a hash of 64 hex digits a line. A label may follow it,
else the list's name is its label; `minors` is the floor's. `#` begins a comment.
"""

import asyncio
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
from PIL import Image

from comfy_nodes.marks.fingerprint import LONG_SIDE, fingerprint
from orchestrator.compliance.pictures import Sight
from orchestrator.dropped import Dropped, Look, text_of

FARTHEST = 31  # bits of 256 in which a known picture may differ
LEAST_QUALITY = 50  # of 100; hashes of plainer pictures match by chance
FLOOR_LABEL = "minors"
LIMIT = 128 << 20  # bytes a list: two million hashes

_LINE = re.compile(r"(?P<hash>[0-9a-fA-F]{64})(?:[\s,;]+(?P<label>\S.*))?")

Hashes = npt.NDArray[np.uint64]  # (count, 4)


@dataclass(frozen=True)
class HashList:
    labels: Mapping[str, str]  # by hash
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """All lists together."""

    hashes: Hashes
    labels: Sequence[str]
    version: str

    def near(self, digits: str) -> Iterator[str]:
        """Labels of the pictures with about this hash."""
        bits = np.bitwise_count(self.hashes ^ _words([digits]))
        for index in np.flatnonzero(bits.sum(axis=1) <= FARTHEST).tolist():
            yield self.labels[index]


class HashLists:
    name = "pdq"
    has_eyes = False

    def __init__(self, folder: Path) -> None:
        self._dropped = Dropped(folder, "*.txt", _read, limit=LIMIT)
        self._joined: Look[HashList] | None = None
        self._reading = Lock()
        self._known = _join({})
        self.faults: tuple[str, ...] = ()
        self._look()

    @property
    def version(self) -> str:
        return self._known.version

    async def judge(self, picture: bytes) -> Sequence[Sight]:
        labels = await asyncio.to_thread(self._labels, picture)
        return [Sight(label, floor=label == FLOOR_LABEL) for label in labels]

    def _labels(self, picture: bytes) -> list[str]:
        known = self._look()
        if not known.labels:
            return []
        near = (label for digits in _fingerprints(picture) for label in known.near(digits))
        return list(dict.fromkeys(near))

    def _look(self) -> Known:
        """The lists as they are now; read again only if a file has changed."""
        with self._reading:
            look = self._dropped.look()
            if look is not self._joined:
                self._joined, self._known = look, _join(look.good)
                self.faults = (
                    *(fault for faults in look.faults.values() for fault in faults),
                    *(fault for lines in look.good.values() for fault in lines.faults),
                )
            return self._known


def _read(name: str, source: bytes) -> HashList:
    """The good lines are used even if others are faulty."""
    labels: dict[str, str] = {}
    faults: list[str] = []
    for number, line in enumerate(text_of(source).splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if found := _LINE.fullmatch(entry):
            labels[found["hash"].lower()] = found["label"] or name
        elif entry:
            faults.append(f"{name}.txt: line {number}: is not a hash of 64 hex digits and a label")
    return HashList(labels, tuple(faults))


def _join(lists: Mapping[str, HashList]) -> Known:
    labels = [entry for hashes in lists.values() for entry in hashes.labels.items()]
    version = hashlib.sha256(repr(sorted(labels)).encode()).hexdigest()[:12]
    return Known(_words([digits for digits, _ in labels]), [label for _, label in labels], version)


def _words(digits: Sequence[str]) -> Hashes:
    return np.frombuffer(bytes.fromhex("".join(digits)), dtype=np.uint64).reshape(-1, 4)


def _fingerprints(picture: bytes) -> Iterator[str]:
    """Of the picture and of its mirrored and turned forms, if it is not too plain to tell."""
    with Image.open(io.BytesIO(picture)) as image:
        small = image.convert("RGB")
    small.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BOX, reducing_gap=None)
    pixels = np.asarray(small)
    for turned in (np.rot90(pixels, turns) for turns in range(4)):
        for form in (turned, np.fliplr(turned)):
            found = fingerprint(np.ascontiguousarray(form))
            if found.quality >= LEAST_QUALITY:
                yield found.digits
