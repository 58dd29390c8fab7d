"""Terms that are found in folded text although they are disguised.

Letters may be repeated, replaced by digits or signs, or stand apart (`w o r d`, `w.o.rd`).
Innocent text stays whole: a gap never swallows one of the small words in `_SMALL_WORDS`, and
numbers are no words. Matching takes linear time.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import groupby

from orchestrator.compliance.normalise import fold

_STANDS_FOR = {
    "a": "4@*",
    "b": "8",
    "e": "3€*",
    "g": "96",
    "i": "1!|l*",
    "l": "1|i",
    "o": "0*",
    "s": "5$z",
    "t": "7+",
    "u": "v*",
    "z": "2",
}
_SMALL = (
    "an and as at be by de do en el et for he her his in is it la le me my ni no not of on or our "
    "so the to un up us we you"
)
_SMALL_WORDS = frozenset(_SMALL.split())
_LETTER = r"a-z\u0400-\u04ff"  # words of these scripts stand between blanks
_KATAKANA = r"\u30a1-\u30ff"
_GAP = r"[\W_]{0,3}"
_NUMBER = re.compile(r"[a-z]?\d+")  # `455` and `A55` are no words


class Terms:
    """Many terms, looked for in one pass.

    A term is a word or a phrase; `stem*` and `*end` match longer words too. English plurals are
    understood. Of terms that look the same once they are folded the first counts.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        folded: dict[str, str] = {}
        for term in terms:
            folded.setdefault(fold(term).strip(), term)
        self._terms = {f: folded[f] for f in sorted(folded, key=len, reverse=True)}
        self._each: dict[str, re.Pattern[str]] = {}

    def found(self, text: str) -> set[str]:
        """Those that are in a folded text; of overlapping ones the first, then the longest."""
        pattern = self._ascii if text.isascii() else self._any
        named: dict[str, str] = {}  # the very characters that matched -> their term
        told: set[str] = set()
        position = 0
        while match := pattern.search(text, position):
            hit, position = match[0], match.end()
            term = named[hit] = named.get(hit) or self._term(hit)
            if _is_told(term, hit):
                told.add(term)
            else:
                position = match.start() + 1
        return told

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return _union(self._terms)

    @cached_property
    def _ascii(self) -> re.Pattern[str]:
        return _union(term for term in self._terms if term.isascii())

    def _term(self, match: str) -> str:
        for folded, term in self._terms.items():
            if folded not in self._each:
                before, after = _edges(folded)
                self._each[folded] = re.compile(f"{before}{''.join(_steps(folded))}{after}")
            if self._each[folded].fullmatch(match):
                return term
        raise AssertionError(f"no term matches {match!r}")


def _union(terms: Iterable[str]) -> re.Pattern[str]:
    """One pattern that matches nothing but these; the longest are tried first."""
    kinds: dict[tuple[str, str], list[list[str]]] = {}
    for term in terms:
        kinds.setdefault(_edges(term), []).append(_steps(term))
    alternatives = [f"{before}{_either(steps)}{after}" for (before, after), steps in kinds.items()]
    return re.compile("|".join(alternatives) or r"(?!)")


def _either(alternatives: list[list[str]]) -> str:
    """One pattern for all, sharing the first step: most positions are then passed by at once."""
    ordered = sorted(alternatives, key=lambda steps: steps[0])
    groups = groupby(ordered, key=lambda steps: steps[0])
    return f"(?:{'|'.join(f'{first}(?:{_rests(group)})' for first, group in groups)})"


def _rests(group: Iterable[list[str]]) -> str:
    return "|".join("".join(steps[1:]) for steps in group)


def _steps(term: str) -> list[str]:
    """The pattern of a term, letter by letter; blanks in it are gaps like others."""
    stem = term.strip("*").replace(" ", "")
    steps = [_letter(letter) + _GAP for letter in stem[:-1]] + [_letter(stem[-1])]
    if "a" <= stem[-1] <= "z" and not term.endswith("*"):
        steps.append("[s5$z]{0,2}")
    return steps


def _letter(letter: str) -> str:
    if not re.fullmatch(f"[{_LETTER}]", letter):
        return re.escape(letter)
    return f"[{letter}{re.escape(_STANDS_FOR.get(letter, ''))}]{{1,3}}"


def _edges(term: str) -> tuple[str, str]:
    """What must not stand before and after a term: more letters of its script."""
    if re.fullmatch(f"[{_KATAKANA} *]+", term):
        script = _KATAKANA
    elif re.search(f"[{_LETTER}]", term):
        script = _LETTER
    else:
        return "", ""
    digits = "0-9" if term[-1].isdigit() else ""
    before = "" if term.startswith("*") else f"(?<![{script}])"
    return before, "" if term.endswith("*") else f"(?![{script}{digits}])"


def _is_told(term: str, hit: str) -> bool:
    """Whether the characters that match a term really say it: `455` and `pen is` don't."""
    if _NUMBER.fullmatch("".join(sign for sign in hit if sign.isalnum())):
        return False
    return " " in term or _SMALL_WORDS.isdisjoint(hit.split())
