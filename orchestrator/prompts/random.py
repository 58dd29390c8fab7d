"""A random prompt from the templates and word lists of `workflows/prompts/random*.yaml`."""

from random import Random

from orchestrator.errors import ConfigurationError
from orchestrator.models import Shelf
from orchestrator.prompts.words import draw, words_for


def random_prompt(rng: Random, *, shelf: Shelf, character: str | None, model: str = "") -> str:
    """`character`: None for any, empty for none, else a name; an unknown one counts as None.
    `model` is a key; one without words of its own gets everybody's."""
    name = _choose(rng, shelf, character)
    words = words_for(shelf, model=model, character=name)
    sentences = words.get("character_sentences" if name else "sentences")
    if not sentences:
        raise ConfigurationError("workflows/prompts/random.yaml has no sentences")
    text = draw(rng, sentences, words)
    return f"@{name} {text}" if name else text


def _choose(rng: Random, shelf: Shelf, character: str | None) -> str:
    if character == "":
        return ""
    name = (character or "").lower()
    if name in shelf.characters:
        return name
    return rng.choice(sorted(shelf.characters)) if shelf.characters else ""
