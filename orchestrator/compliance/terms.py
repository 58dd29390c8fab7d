"""Terms that are found in folded text although they are disguised.

Letters may be repeated, replaced by digits or signs, or stand apart (`w o r d`, `w.o.rd`).
Innocent text stays whole: a gap never swallows one of the small words in `_SMALL_WORDS`, and
what is made mostly of digits is no word. Matching takes linear time.
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
_SMALL_WORDS = (
    "an|and|as|at|be|by|de|do|en|el|et|for|he|her|his|in|is|it|la|le|me|my|ni|no|not|of|on|or|"
    "our|so|the|to|un|up|us|we|you"
)
_LETTER = r"a-z\u0400-\u04ff"  # words of these scripts stand between blanks
_KATAKANA = r"\u30a1-\u30ff"
_GAP = rf"(?:[^\w\s]|_|\s(?!(?:{_SMALL_WORDS})\b)){{0,3}}"
_LEAST_LETTERS = 0.4  # of the letters and digits of a match: `A55` is a road


class Terms:
    """Many terms, looked for in one pass.

    A term is a word or a phrase; `stem*` and `*end` match longer words too. English plurals are
    understood.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        folded = {fold(term).strip(): term for term in terms}
        self._terms = {f: folded[f] for f in sorted(folded, key=len, reverse=True) if f}
        self._each: dict[str, re.Pattern[str]] = {}

    def found(self, text: str) -> set[str]:
        """Those that are in a folded text; of overlapping ones the first, then the longest."""
        pattern = self._ascii if text.isascii() else self._any
        matches = {match[0] for match in pattern.finditer(text)} if self._terms else set()
        return {self._term(match) for match in matches if _is_word(match)}

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
    """The pattern of a term, letter by letter."""
    stem = term.strip("*")
    steps: list[str] = []
    for letter in stem:
        if letter == " ":
            steps[-1] = steps[-1].removesuffix(_GAP) + r"[\W_]{0,3}"
        else:
            steps.append(_letter(letter) + _GAP)
    steps[-1] = steps[-1].removesuffix(_GAP)
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
        return _edge(term, _KATAKANA)
    if not re.search(f"[{_LETTER}]", term):
        return "", ""
    before, after = _edge(term, _LETTER)
    whole = " " in term or term.startswith("*")
    return before if whole else rf"{before}(?!(?:{_SMALL_WORDS})\s)", after


def _edge(term: str, script: str) -> tuple[str, str]:
    before = "" if term.startswith("*") else f"(?<![{script}])"
    after = "" if term.endswith("*") else f"(?![{script}{'0-9' if term[-1].isdigit() else ''}])"
    return before, after


def _is_word(text: str) -> bool:
    signs = [sign for sign in text if sign.isalnum()]
    return sum(sign.isalpha() for sign in signs) >= _LEAST_LETTERS * len(signs)
