"""Raw text to prompt and back: `@aya red coat, snowy street, -umbrella`."""

import re
from collections.abc import Container
from typing import Literal

from orchestrator.errors import InvalidCharacter, PromptRequired
from orchestrator.models import Prompt
from orchestrator.prompts.pieces import escape_stray_brackets, pieces

_CHARACTER = re.compile(r"(?<![^\s,])@(\w[\w@-]*)\s*")  # @ starts the text, a word or a piece
_LEADING_HYPHENS = re.compile(r"^[-\s]+")


def parse(
    text: str, *, characters: Container[str], unknown: Literal["refuse", "ignore"] = "refuse"
) -> Prompt:
    """Take a raw prompt apart. `characters` are the known names in lower case.

    Raises InvalidCharacter, PromptRequired.
    """
    names = dict.fromkeys(name.lower() for name in _CHARACTER.findall(text))
    character = _only([name for name in names if unknown == "refuse" or name in characters])
    if character and character not in characters:
        raise InvalidCharacter(detail=f"@{character[:64]} is unknown")
    positives, negatives = _by_sign(_CHARACTER.sub("", text))
    if not positives and not character:
        raise PromptRequired
    return Prompt(character=character, positive=", ".join(positives), negatives=tuple(negatives))


def positive_of(text: str) -> str:
    """What of a text is neither a character nor a negative term."""
    positives, _ = _by_sign(_CHARACTER.sub("", text))
    return ", ".join(positives)


def render(prompt: Prompt) -> str:
    """The text that parses to this prompt."""
    positive = escape_stray_brackets(prompt.positive)
    opening = f"@{prompt.character} {positive}" if prompt.character else positive
    negatives = (f"-{escape_stray_brackets(term)}" for term in prompt.negatives)
    return ", ".join(part for part in (opening.strip(), *negatives) if part)


def _only(names: list[str]) -> str:
    if len(names) > 1:
        raise InvalidCharacter("Invalid character: only one per prompt")
    return names[0] if names else ""


def _by_sign(text: str) -> tuple[list[str], list[str]]:
    positives: list[str] = []
    negatives: list[str] = []
    for piece in pieces(text):
        if not piece.startswith("-"):
            positives.append(piece)
        elif term := _LEADING_HYPHENS.sub("", piece):
            negatives.append(term)
    return positives, negatives
