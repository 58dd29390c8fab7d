"""What a language model says around a description, taken off. Pure functions of linear time."""

import json
import re

from orchestrator.errors import EnhancementFailed

LONGEST = 16_000  # characters that are looked at

_THOUGHTS = ("think", "thinking", "reasoning", "thought")
_THOUGHT_END = re.compile(rf"</(?:{'|'.join(_THOUGHTS)})>", re.IGNORECASE)
_THOUGHT_START = re.compile(rf"<(?:{'|'.join(_THOUGHTS)})>", re.IGNORECASE)
_FENCE = re.compile(r"```[^\n]*\n?")
_LEAD_IN = re.compile(
    r"\A\W{0,8}(?:sure|certainly|of course|ok|okay|absolutely|here(?:['’]s| is| are)"
    r"|(?:the |an? |your |my )?"
    r"(?:(?:enhanced|improved|expanded|refined|rewritten|final|new|richer) )?"
    r"(?:prompt|description|version|answer|output))\b"
    r"[^:\n(]{0,100}(?::(?=[\s*_])|!\s*\n)[*_]{0,3}",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\A(?:(?:i['’]?m |i am )?sorry\b|i (?:can(?:no|['’])t|am unable|won['’]t)\b|as an ai\b)",
    re.IGNORECASE,
)
_LINE_HEAD = re.compile(r"\A\s*(?:[-*+•>]\s+|#{1,6}\s+|\d{1,2}[.)]\s+)*")
_MARKS = re.compile(r"\*+|`+|__+|~~+")
_QUOTES = ('""', "''", "“”", "‘’", "«»", "„“")


def clean(answer: str) -> str:
    """The description alone, on one line; empty if there is none.

    Raises EnhancementFailed if the model thought without an end, or declined.
    """
    text = _from_json(_unfenced(_thoughtless(answer[:LONGEST])).strip())
    while match := _LEAD_IN.match(text):
        text = text[match.end() :].strip()
    lines = (_line(line) for line in _first_paragraph(text))
    text = _unquoted(", ".join(line for line in lines if line))
    if _REFUSAL.match(text):
        raise EnhancementFailed(detail="the language model declined")
    return text


def _thoughtless(text: str) -> str:
    """What follows the last thought; its beginning may be missing, its end may not."""
    text = _THOUGHT_END.split(text)[-1]
    if _THOUGHT_START.search(text):
        raise EnhancementFailed(detail="the language model only thought")
    return text


def _unfenced(text: str) -> str:
    parts = _FENCE.split(text)
    return parts[1] if len(parts) > 2 else text


def _from_json(text: str) -> str:
    """The only text of a JSON object: the question was one too, so that some answer in kind."""
    if not text.startswith("{"):
        return text
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return text
    said = [value for key, value in values.items() if key != "avoid"]
    return said[0].strip() if len(said) == 1 and isinstance(said[0], str) else text


def _first_paragraph(text: str) -> list[str]:
    """Its lines. What comes after it explains; a list that goes on is no explanation."""
    return re.split(r"\n\s*\n(?!\s*[-*+•])", text.strip(), maxsplit=1)[0].splitlines()


def _line(line: str) -> str:
    line = _MARKS.sub("", _LINE_HEAD.sub("", line))
    visible = "".join(character if character.isprintable() else " " for character in line)
    return _unquoted(" ".join(visible.split())).rstrip(" ,;.")


def _unquoted(text: str) -> str:
    while len(text) > 1 and text[0] + text[-1] in _QUOTES and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text.rstrip(" ,;.")
