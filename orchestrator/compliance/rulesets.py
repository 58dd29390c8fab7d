"""Rulesets: `workflows/rulesets/<name>.yaml`, each building on another and all on `default`."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from orchestrator.compliance.normalise import fold
from orchestrator.compliance.terms import Terms
from orchestrator.dropped import Dropped, text_of
from orchestrator.errors import CardFault, ReviewFailed
from orchestrator.models import Finding
from orchestrator.yaml_file import read_yaml

DEFAULT = "default"
TEXT = "text"  # the reviewer that a rule has if it names none


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


def _told(phrase: str) -> str:
    if not any(letter.isalnum() for letter in fold(phrase)):
        raise ValueError("has no letters")
    return phrase


Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Phrase = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=80),
    AfterValidator(_told),
]
Pattern = Annotated[str, AfterValidator(_pattern)]
_STRICT = ConfigDict(frozen=True, extra="forbid")


class Rule(BaseModel):
    """When a reviewer's sight of a text or picture is a finding, and what follows."""

    model_config = _STRICT

    id: Id
    category: Id
    reviewer: Id = TEXT
    action: Literal["block", "ignore"] = "block"  # `ignore` puts an inherited rule out of force
    terms: tuple[Phrase, ...] = ()  # words and phrases, found through disguises; `stem*`
    patterns: tuple[Pattern, ...] = ()  # over folded text: lower case, no accents
    unless: tuple[Phrase, ...] = ()  # phrases in which the terms are innocent
    labels: tuple[str, ...] = ()  # of a picture reviewer; none: all of them
    threshold: float = Field(default=0.5, ge=0, le=1)  # of a picture reviewer's score

    @model_validator(mode="after")
    def _fits_its_reviewer(self) -> Self:
        wrong = (
            ("labels", "threshold") if self.reviewer == TEXT else ("terms", "patterns", "unless")
        )
        for field in wrong:
            if field in self.model_fields_set:
                raise _fault(field, f"is not for the reviewer `{self.reviewer}`")
        if self.reviewer == TEXT and self.action == "block" and not (self.terms or self.patterns):
            raise _fault("terms", "a text rule needs terms or patterns")
        return self

    def has_term(self, text: str) -> bool:
        """Whether one of the terms is in a folded text, outside of innocent phrases."""
        return bool(self._terms.found(self._innocent.sub(" . ", text)))

    def has_pattern(self, text: str) -> bool:
        plain = self._innocent.sub(" . ", text) if self.patterns else ""
        return any(pattern.search(plain) for pattern in self._compiled)

    @cached_property
    def _terms(self) -> Terms:
        return Terms(self.terms)

    @cached_property
    def _compiled(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.patterns]

    @cached_property
    def _innocent(self) -> re.Pattern[str]:
        phrases = "|".join(re.escape(fold(p)).replace(r"\ ", "[ _-]") for p in self.unless)
        return re.compile(rf"(?<![a-z])(?:{phrases})(?![a-z])" if phrases else r"(?!)")


class RulesetFile(BaseModel):
    """What a file says, before it is joined to the one that it extends."""

    model_config = _STRICT

    name: Id
    source: str
    label: Label
    extends: Id = DEFAULT
    categories: Mapping[Id, Label] = {}
    rules: tuple[Rule, ...] = ()
    requires: tuple[Id, ...] = ()  # picture reviewers without which nothing is safe

    @model_validator(mode="after")
    def _rules_are_told_apart(self) -> Self:
        ids = [rule.id for rule in self.rules]
        for n, rule_id in enumerate(ids):
            if rule_id in ids[:n]:
                raise _fault("rules", n, "id", "is there twice")
        if self.name != DEFAULT and self.extends == self.name:
            raise _fault("extends", "is this very ruleset")
        return self


class Ruleset(BaseModel):
    """A policy as it is applied."""

    model_config = _STRICT

    name: str
    label: str
    digest: str  # SHA-256 of its file and those that it builds on
    categories: Mapping[str, str]  # id -> name, as callers see it
    rules: tuple[Rule, ...]
    requires: frozenset[str]

    def read(self, text: str) -> list[Finding]:
        """What a folded text says that is not allowed."""
        any_term = bool(self._terms.found(text))  # seldom: one pass for the terms of all rules
        return [
            self.finding(rule, score=1.0)
            for rule in self._in_force(TEXT)
            if (any_term and rule.has_term(text)) or rule.has_pattern(text)
        ]

    @cached_property
    def _terms(self) -> Terms:
        return Terms(term for rule in self._in_force(TEXT) for term in rule.terms)

    def rule(self, reviewer: str, label: str, score: float) -> Rule | None:
        """The rule that a sight of that reviewer breaks; one that names the label goes first."""
        rules = [
            rule for rule in self._in_force(reviewer) if not rule.labels or label in rule.labels
        ]
        rules.sort(key=lambda rule: not rule.labels)
        return next((rule for rule in rules if score >= rule.threshold), None)

    def finding(self, rule: Rule, *, score: float) -> Finding:
        category = self.categories[rule.category]
        return Finding(rule=rule.id, category=category, reviewer=rule.reviewer, score=score)

    def _in_force(self, reviewer: str) -> list[Rule]:
        return [r for r in self.rules if r.reviewer == reviewer and r.action == "block"]


class Rulesets:
    """The rulesets of a folder, as it is now.

    A policy that was once in force does not vanish: of a file that is faulty or gone the last
    good version is applied until the process ends, and `faults` says so.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._dropped = Dropped(folder, "*.yaml", _read)
        self._looking = Lock()
        self._files: dict[str, RulesetFile] = {}
        self._rulesets: dict[str, Ruleset] = {}
        self._unjoined: dict[str, str] = {}  # name -> why it doesn't fit those that it builds on
        self.faults: tuple[str, ...] = ()

    def look(self) -> None:
        """Read what has changed. Blocks."""
        with self._looking:
            self._look()

    def _look(self) -> None:
        look = self._dropped.look()
        gone = self._files.keys() - look.good.keys() - look.faults.keys()
        files = {**self._files, **look.good}
        if files != self._files:
            self._files = files
            self._rulesets, self._unjoined = _join_all(files, self._rulesets)
        self.faults = (
            *(fault for faults in look.faults.values() for fault in faults),
            *(f"{self._path(name)}: {reason}" for name, reason in self._unjoined.items()),
            *(f"{self._path(name)}: is gone; its last version is applied" for name in sorted(gone)),
        )

    def _path(self, name: str) -> str:
        return "/".join((self._folder / f"{name}.yaml").parts[-3:])

    def names(self) -> frozenset[str]:
        return frozenset(self._rulesets)

    def get(self, name: str) -> Ruleset:
        """That one, else `default`. Raises ReviewFailed if there is neither."""
        ruleset = self._rulesets.get(name) or self._rulesets.get(DEFAULT)
        if ruleset is None:
            faults = "; ".join(self.faults)
            raise ReviewFailed(detail=f"{self._path(DEFAULT)} is not usable: {faults}")
        return ruleset


def _read(name: str, source: bytes) -> RulesetFile:
    text = text_of(source)
    return read_yaml(text, RulesetFile, given={"name": name, "source": text})


def _join_all(
    files: Mapping[str, RulesetFile], former: Mapping[str, Ruleset]
) -> tuple[dict[str, Ruleset], dict[str, str]]:
    """All that fit together, the former version of those that don't, and why they don't."""
    joined: dict[str, Ruleset] = {}
    faults: dict[str, str] = {}
    for name in files:
        try:
            joined[name] = _join(_lineage(name, files))
        except CardFault as error:
            faults[name] = error.message
            if name in former:
                joined[name] = former[name]
    return joined, faults


def _lineage(name: str, files: Mapping[str, RulesetFile]) -> list[RulesetFile]:
    """The file and those that it builds on, `default` first."""
    line = [files[name]]
    while line[0].name != DEFAULT:
        parent = line[0].extends
        if parent not in files:
            raise _unfit(line[0], "extends", parent, f"there is no ruleset `{parent}`")
        if files[parent] in line:
            raise _unfit(line[0], "extends", parent, "goes in a circle")
        line.insert(0, files[parent])
    return line


def _join(line: Sequence[RulesetFile]) -> Ruleset:
    """A later file's categories and rules replace those of the same id."""
    categories = {key: label for file in line for key, label in file.categories.items()}
    for file in line:
        for rule in file.rules:
            if rule.category not in categories:
                reason = f"there is none called `{rule.category}`"
                raise _unfit(file, "category", rule.category, reason)
    return Ruleset(
        name=line[-1].name,
        label=line[-1].label,
        digest=hashlib.sha256("\0".join(file.source for file in line).encode()).hexdigest(),
        categories=categories,
        rules=tuple({rule.id: rule for file in line for rule in file.rules}.values()),
        requires=frozenset(name for file in line for name in file.requires),
    )


def _unfit(file: RulesetFile, field: str, value: str, reason: str) -> CardFault:
    """A fault that shows only beside other files."""
    said = re.search(rf"\b{field}\W+{re.escape(value)}\b", file.source)
    number = file.source.count("\n", 0, said.start()) + 1 if said else 1
    return CardFault(f"{file.name}.yaml line {number}: {field}: {reason}")


def _fault(*at_and_reason: Any) -> PydanticCustomError:
    *at, reason = at_and_reason
    return PydanticCustomError("ruleset", reason, {"at": at})
