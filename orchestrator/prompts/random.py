"""A random prompt from the word lists of `workflows/prompts/random.yaml`."""

import re
from random import Random

from orchestrator.errors import ConfigurationError
from orchestrator.models import Shelf

WILDCARD = re.compile(r"\{(\w+)\}")  # stands for a word of the list of that name


def random_prompt(rng: Random, *, shelf: Shelf, character: str | None) -> str:
    """`character`: None for any, empty for none, else a name; an unknown one counts as None."""
    name = _choose(rng, shelf, character)
    sentences = shelf.words.get("character_sentences" if name else "sentences")
    if not sentences:
        raise ConfigurationError("workflows/prompts/random.yaml has no sentences")
    text = WILDCARD.sub(lambda match: rng.choice(shelf.words[match[1]]), rng.choice(sentences))
    return f"@{name} {text}" if name else text


def _choose(rng: Random, shelf: Shelf, character: str | None) -> str:
    if character == "":
        return ""
    name = (character or "").lower()
    if name in shelf.characters:
        return name
    return rng.choice(sorted(shelf.characters)) if shelf.characters else ""
