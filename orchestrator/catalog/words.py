"""Word lists and sentences, `workflows/prompts/random*.yaml` and `wildcards/*.txt`, in the syntax
of dynamicprompts.

`random.yaml` is for everybody, `random.@aya.yaml` for a character, `random.sdxl.yaml` for a model;
the latter two may draw from the lists of the first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dynamicprompts.parser.parse import parse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from orchestrator.dropped import Dropped, Look, text_of
from orchestrator.errors import CardFault
from orchestrator.models import Words
from orchestrator.yaml_file import read_yaml

SENTENCES = ("character_sentences", "sentences")
STEM = "random"

_DRAWN = re.compile(r"__(.+?)__")


def _sound(entry: str) -> str:
    try:
        parse(entry)
    except Exception as error:  # whatever its grammar raises
        raise ValueError(f"can't be drawn from: {error}") from error
    return entry


Entry = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_sound)]
WordList = Annotated[tuple[Entry, ...], Field(min_length=1)]


class WordCard(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, WordList]


@dataclass(frozen=True)
class WordFile:
    lists: Words
    draws: Mapping[str, int]  # the lists that it draws from, each with the line


def read_words(_: str, source: bytes) -> WordFile:
    text = text_of(source)
    card = read_yaml(text, WordCard, given={})
    lists: Words = {name: tuple(entries) for name, entries in card.model_dump().items()}
    return WordFile(lists, _draws(text) | _listed(text, lists.get("enhance", ())))


def read_wildcards(_: str, source: bytes) -> tuple[str, ...]:
    """One entry a line; what follows a `#` is for people."""
    numbered = enumerate(text_of(source).splitlines(), 1)
    lines = ((number, line.partition("#")[0].strip()) for number, line in numbered)
    entries = tuple(_entry(line, number) for number, line in lines if line)
    if not entries:
        raise CardFault("line 1: the file is empty")
    return entries


def _entry(line: str, number: int) -> str:
    try:
        return _sound(line)
    except ValueError as error:
        raise CardFault(f"line {number}: {error}") from error


def _draws(text: str) -> dict[str, int]:
    lines = enumerate(text.splitlines(), 1)
    found = ((name, number) for number, line in lines for name in _DRAWN.findall(_code(line)))
    return dict(reversed(list(found)))  # the first line wins


def _code(line: str) -> str:
    return "" if line.lstrip().startswith("#") else line


def _listed(text: str, names: tuple[str, ...]) -> dict[str, int]:
    """The lists that the enhancer adds from, which are named and not drawn."""
    line = next((n for n, it in enumerate(text.splitlines(), 1) if it.startswith("enhance:")), 1)
    return dict.fromkeys(names, line)


class WordFolder:
    def __init__(self, folder: Path) -> None:
        self._files = Dropped(folder, f"{STEM}*.yaml", read_words)
        self._wildcards = Dropped(folder / "wildcards", "*.txt", read_wildcards)
        self._whole: dict[str, Words] = {}  # by scope, of the last version that lacked no list

    def look(self) -> Look[Words]:
        """By scope: "" for everybody, `@aya`, `sdxl`. A file that draws from a list which is
        nowhere is faulty."""
        files, wildcards = self._files.look(), self._wildcards.look()
        faults = {**files.faults, **wildcards.faults}
        shared = {**wildcards.good, **_lists(files.good.get(STEM))}
        for stem, file in files.good.items():
            if missing := tuple(_missing(stem, file, shared)):
                faults[stem] = (*faults.get(stem, ()), *missing)
            else:
                self._whole[_scope(stem)] = file.lists
        present = {_scope(stem) for stem in files.good}
        good = {scope: lists for scope, lists in self._whole.items() if scope in present}
        if "" in good:
            good[""] = {**wildcards.good, **good[""]}
        return Look(good=good, faults=faults)


def _lists(file: WordFile | None) -> Words:
    return file.lists if file else {}


def _scope(stem: str) -> str:
    return stem.removeprefix(STEM).removeprefix(".")


def _missing(stem: str, file: WordFile, shared: Words) -> Iterator[str]:
    where = f"workflows/prompts/{stem}.yaml"
    known = shared.keys() | file.lists.keys()
    for name, line in file.draws.items():
        if name not in known:
            yield f"{where}: line {line}: there is no list {name}"
    if stem == STEM:
        yield from (
            f"{where}: line 1: {name}: is missing" for name in SENTENCES if name not in known
        )
