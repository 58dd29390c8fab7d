"""What the random builder draws."""

from math import prod
from pathlib import Path
from random import Random

import pytest

from orchestrator.catalog import read_shelf
from orchestrator.errors import ConfigurationError
from orchestrator.models import Shelf
from orchestrator.prompts import parse, random_prompt
from orchestrator.prompts.random import WILDCARD

ROOT = Path(__file__).parents[2]
SHELF = read_shelf(ROOT / "workflows", ROOT / "comfyui/models")


def draws(character: str | None, *, shelf: Shelf = SHELF, count: int = 200) -> list[str]:
    rng = Random(7)
    return [random_prompt(rng, shelf=shelf, character=character) for _ in range(count)]


def characters_of(prompts: list[str]) -> set[str]:
    return {parse(text, characters=SHELF.characters).character for text in prompts}


def test_without_a_wish_any_character_comes() -> None:
    assert characters_of(draws(None)) == set(SHELF.characters)


def test_an_empty_wish_is_for_no_character() -> None:
    assert characters_of(draws("")) == {""}


@pytest.mark.parametrize("name", sorted(SHELF.characters))
def test_a_name_is_a_wish_for_that_character(name: str) -> None:
    assert characters_of(draws(name.upper())) == {name}


def test_an_unknown_name_is_ignored() -> None:
    assert draws("nobody") == draws(None)


def test_without_any_character_a_wish_for_one_is_ignored() -> None:
    bare = SHELF.evolve(characters={})
    assert characters_of(draws(None, shelf=bare)) == {""}


def test_the_same_seed_draws_the_same() -> None:
    assert draws(None) == draws(None)


@pytest.mark.parametrize("character", [None, ""])
def test_every_prompt_is_whole(character: str | None) -> None:
    for text in draws(character):
        assert not WILDCARD.search(text)
        assert parse(text, characters=SHELF.characters).positive


@pytest.mark.parametrize("kind", ["character_sentences", "sentences"])
def test_there_are_more_than_ten_thousand(kind: str) -> None:
    ways = (
        prod(len(SHELF.words[name]) for name in WILDCARD.findall(sentence))
        for sentence in SHELF.words[kind]
    )
    assert sum(ways) > 10_000


def test_without_words_the_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"random\.yaml"):
        random_prompt(Random(1), shelf=Shelf(), character=None)
