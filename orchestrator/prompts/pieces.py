"""How a prompt falls into pieces: at the commas that no pair of brackets holds.

A bracket without its counterpart is ordinary text, and so is one after a backslash, which is how
ComfyUI's own syntax escapes it. All functions take linear time.
"""

import re
from collections import Counter
from collections.abc import Iterator

_OPENER = {")": "(", "]": "[", "}": "{", ">": "<"}
_BRACKET = re.compile(r"(?<!\\)[()\[\]{}<>]")
_BRACKET_OR_COMMA = re.compile(rf"{_BRACKET.pattern}|,")


def pieces(text: str) -> tuple[str, ...]:
    """The pieces in their order, trimmed; empty ones vanish."""
    return tuple(piece for raw in _split(text) if (piece := raw.strip()))


def escape_stray_brackets(text: str) -> str:
    """The same text, unable to pair a bracket with one of another text."""
    paired = _paired(text)
    return _BRACKET.sub(
        lambda match: match[0] if match.start() in paired else f"\\{match[0]}", text
    )


def _split(text: str) -> Iterator[str]:
    paired = _paired(text)
    depth = start = 0
    for match in _BRACKET_OR_COMMA.finditer(text):
        if match.start() in paired:
            depth += -1 if match[0] in _OPENER else 1
        elif match[0] == "," and not depth:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def _paired(text: str) -> set[int]:
    """Positions of the brackets that have their counterpart; pairs nest and never cross."""
    paired: set[int] = set()
    waiting: list[int] = []
    waiting_of: Counter[str] = Counter()
    for match in _BRACKET.finditer(text):
        mark, position = match[0], match.start()
        opener = _OPENER.get(mark)
        if opener is None:
            waiting.append(position)
            waiting_of[mark] += 1
        elif waiting_of[opener]:
            paired |= {position, _last(opener, waiting, waiting_of, text)}
    return paired


def _last(opener: str, waiting: list[int], waiting_of: Counter[str], text: str) -> int:
    """Take the last waiting opener of this kind; those that opened after it stay unpaired."""
    while True:
        position = waiting.pop()
        waiting_of[text[position]] -= 1
        if text[position] == opener:
            return position
