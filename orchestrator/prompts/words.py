"""Which lists of `workflows/prompts/` hold for a prompt, and one text drawn from them."""

from random import Random

from dynamicprompts.generators import RandomPromptGenerator
from dynamicprompts.wildcards import WildcardManager
from dynamicprompts.wildcards.collection import WildcardCollection

from orchestrator.errors import ConfigurationError
from orchestrator.models import Shelf, Words


def words_for(shelf: Shelf, *, model: str, character: str) -> Words:
    """Everybody's lists, or in their place the model's, or in their place the character's."""
    scopes = ("", model, f"@{character}")
    return {
        name: entries for scope in scopes for name, entries in shelf.words.get(scope, {}).items()
    }


def draw(rng: Random, templates: tuple[str, ...], words: Words) -> str:
    """One of the templates, its wildcards and variants drawn. Raises ConfigurationError."""
    lists: dict[str, WildcardCollection | list[str]] = {
        name: list(entries) for name, entries in words.items()
    }
    generator = RandomPromptGenerator(
        WildcardManager(root_map={"": [lists]}), seed=rng.getrandbits(64), ignore_whitespace=True
    )
    try:
        (text,) = generator.generate(rng.choice(templates))
    except RecursionError:
        raise ConfigurationError("a list of workflows/prompts draws from itself") from None
    return text


def plain(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Those that stand for themselves."""
    return tuple(entry for entry in entries if not any(mark in entry for mark in ("{", "__", "#")))
