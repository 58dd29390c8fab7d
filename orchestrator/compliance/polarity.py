"""Which of a request's texts ask for something, and which ask for its absence.

A negative prompt that names what it wants to keep out is a safe use and a common one. So texts
are judged by what they do to the picture; in doubt a text is taken as wanted:
- texts whose name ends in `negative` are unwanted, and so are the pieces of `prompt` that begin
  with a hyphen, outside of brackets; everything else is wanted;
- a text with a negative weight in it, `(term:-1)`, does the opposite of what it says somewhere:
  it is both.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from orchestrator.compliance.normalise import fold

_MARK = re.compile(r"\\[)\]}>]|[,\n()\[\]{}<>]")  # a closing bracket after a backslash is none
_UNWANTED = re.compile(r"\s*(?:@[\w@-]+\s*)*-")
_NEGATIVE_WEIGHT = re.compile(r":\s*-")
_BETWEEN = " \n . \n "  # wider than any gap within a term


class Reading(NamedTuple):
    """Folded texts of a request."""

    wanted: str
    unwanted: str


def read(texts: Mapping[str, str]) -> Reading:
    wanted: dict[str, None] = {}
    unwanted: dict[str, None] = {}
    for name, text in texts.items():
        for part, is_unwanted in _parts(name, text):
            folded = fold(part)
            reversed_ = bool(_NEGATIVE_WEIGHT.search(folded))
            if is_unwanted or reversed_:
                unwanted[folded] = None
            if not is_unwanted or reversed_:
                wanted[folded] = None
    return Reading(_BETWEEN.join(wanted), _BETWEEN.join(unwanted))


def _parts(name: str, text: str) -> Iterator[tuple[str, bool]]:
    """Parts of a text, each with whether it is unwanted."""
    if name != "prompt":
        yield text, name.endswith("negative")
        return
    pieces = list(_pieces(text))
    yield ",".join(piece for piece in pieces if not _UNWANTED.match(piece)), False
    yield ",".join(piece for piece in pieces if _UNWANTED.match(piece)), True


def _pieces(prompt: str) -> Iterator[str]:
    """The pieces between commas and line breaks that no open bracket holds."""
    depth = start = 0
    for mark in _MARK.finditer(prompt):
        if mark[0] in "([{<":
            depth += 1
        elif mark[0] in ")]}>":
            depth = max(0, depth - 1)
        elif mark[0] in ",\n" and not depth:
            yield prompt[start : mark.start()]
            start = mark.end()
    yield prompt[start:]
