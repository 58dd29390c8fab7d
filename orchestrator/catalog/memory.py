"""What was read of weight files, kept on disk: a warm start opens none of them again."""

import hashlib
import inspect
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from orchestrator.catalog import headers, recognise, signs, told
from orchestrator.models import WeightFacts

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    stamp: tuple[int, ...]  # of the file when it was read
    facts: WeightFacts


@dataclass(frozen=True)
class _Page:
    rules: str
    entries: Mapping[str, Entry]


_PAGE = TypeAdapter(_Page)


class Memory:
    def __init__(self, file: Path | None) -> None:
        """`None`: nothing is remembered."""
        self._file = file
        self._rules = _rules()
        self._entries = self._read()

    def recall(self, name: str, stamp: tuple[int, ...]) -> WeightFacts | None:
        entry = self._entries.get(name)
        return entry.facts if entry and entry.stamp == stamp else None

    def keep(self, entries: Mapping[str, Entry]) -> None:
        if entries == self._entries:
            return
        self._entries = entries
        if self._file is None:
            return
        unfinished = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            unfinished.write_bytes(_PAGE.dump_json(_Page(self._rules, entries)))
            unfinished.replace(self._file)  # whole or not at all: others read it too
        except OSError as error:
            log.warning("%s can't be written: %s", self._file, error.strerror)

    def _read(self) -> Mapping[str, Entry]:
        try:
            page = _PAGE.validate_json(self._file.read_bytes()) if self._file else None
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            log.warning("%s is not used: %s", self._file, type(error).__name__)
            return {}
        return page.entries if page and page.rules == self._rules else {}


def _rules() -> str:
    """What other rules have made is not used."""
    sources = (inspect.getsource(m).encode() for m in (headers, recognise, signs, told))
    return hashlib.sha256(b"\0".join(sources)).hexdigest()
