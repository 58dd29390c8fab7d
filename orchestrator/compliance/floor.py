"""The floor: nothing sexual with minors, in any ruleset, and no setting switches it off.

Refused is what occurs together, in all wanted texts of a request (see `polarity`) as a whole:
- a term that is unlawful by itself;
- a minor, told by word or by an age below 18, and anything sexual, be it only suggestive;
- hints of a minor, two or more that no word for an adult outweighs, and something explicit;
- a number below 18 that stands alone, as an age would ("12,"), and something explicit.

Of the unwanted texts, which usually keep things out and are no reason to refuse, two uses count:
denied adulthood is two hints of a minor, and denied clothes beside a minor are explicit.
A negation in words ("no nudity") is none to an image model: it counts like the word itself.
"""

import re
from collections.abc import Iterable, Mapping

from orchestrator.compliance import indicators
from orchestrator.compliance.ages import ages, bare_ages
from orchestrator.compliance.normalise import fold
from orchestrator.compliance.polarity import Reading, read
from orchestrator.compliance.terms import Terms
from orchestrator.models import Finding

REVIEWER = "floor"
CATEGORY = "Sexual content involving minors"
UNLAWFUL_RULE = "floor-unlawful-term"
RULE = "floor-minors"
ADULT_AGE = 18  # years

_SURE, _LIKELY = 3, 2  # a minor
_EXPLICIT, _SUGGESTIVE = 2, 1

_HINTS = {term: group for group in indicators.HINTS for term in group}
_PEOPLE = Terms((*indicators.UNLAWFUL, *indicators.MINOR, *_HINTS, *indicators.ADULT))
_ACTS = Terms((*indicators.EXPLICIT, *indicators.SUGGESTIVE))
_ADULT_DENIED = Terms(indicators.ADULT_DENIED)
_JOINABLE = (*indicators.MINOR, *_HINTS, *indicators.EXPLICIT, *indicators.SUGGESTIVE)
_CLOTHES_DENIED = frozenset(map(fold, indicators.CLOTHES_DENIED))
_PIECE = re.compile(r"[^,.;|\n()\[\]{}]+")
_WEIGHT = re.compile(r":\s*[\d.]*\s*$")


def _phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    spaced = "|".join(phrase.replace(" ", "[ _-]") for phrase in phrases)
    return re.compile(rf"(?<![a-z])(?:{spaced})(?![a-z])")


def _words(terms: Iterable[str]) -> str:
    words = {fold(term) for term in terms if len(term) > 2 and term.isascii() and term.isalpha()}
    return "|".join(sorted(words, key=len, reverse=True))


_JOINED = re.compile(rf"(?<![a-z])(?:{_words(_JOINABLE)}){{2,}}+(?![a-z])")
_WORD = re.compile(_words(_JOINABLE))
_INNOCENT = _phrases(indicators.INNOCENT)
_ADULT_MATERIAL = _phrases(indicators.ADULT_MATERIAL)


def judge(texts: Mapping[str, str]) -> tuple[Finding, ...]:
    """Why these texts (name -> text) must be refused; nothing if they need not."""
    rule = _broken(read(texts))
    return (finding(rule, reviewer=REVIEWER),) if rule else ()


def finding(rule: str, *, reviewer: str, score: float = 1.0) -> Finding:
    return Finding(rule=rule, category=CATEGORY, reviewer=reviewer, score=score)


def _broken(reading: Reading) -> str | None:
    wanted = _JOINED.sub(lambda match: " ".join(_WORD.findall(match[0])), reading.wanted)
    wanted = _INNOCENT.sub(" . ", wanted)
    people = _PEOPLE.found(wanted)
    if not people.isdisjoint(indicators.UNLAWFUL):
        return UNLAWFUL_RULE
    minor = _minor(people, set(ages(wanted)), reading.unwanted)
    if any(0 < age < ADULT_AGE for age in bare_ages(wanted)):
        minor = max(minor, _LIKELY)
    sexual = _sexual(wanted, reading.unwanted, minor) if minor >= _LIKELY else 0
    return RULE if sexual and minor + sexual >= _SURE + _SUGGESTIVE else None


def _minor(people: set[str], told: set[int], unwanted: str) -> int:
    """How surely there is a minor among the people and the ages that were told."""
    if any(age < ADULT_AGE for age in told) or not people.isdisjoint(indicators.MINOR):
        return _SURE
    adult = bool(told) or not people.isdisjoint(indicators.ADULT)
    hints = sum(indicators.HINTS[group] for group in {_HINTS[t] for t in people & _HINTS.keys()})
    denied = _ADULT_DENIED.found(_ADULT_MATERIAL.sub(" . ", unwanted))
    return min(_SURE, max(hints - adult, _LIKELY if denied else 0))


def _sexual(wanted: str, unwanted: str, minor: int) -> int:
    acts = _ACTS.found(wanted)
    if not acts.isdisjoint(indicators.EXPLICIT):
        return _EXPLICIT
    if minor == _SURE and _denies_clothes(unwanted):
        return _EXPLICIT
    return min(_EXPLICIT, len(acts))


def _denies_clothes(unwanted: str) -> bool:
    pieces = (_WEIGHT.sub("", piece).strip(" -_") for piece in _PIECE.findall(unwanted))
    return any(piece in _CLOTHES_DENIED for piece in pieces)
