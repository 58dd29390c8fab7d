"""What the random builder draws."""

from math import prod
from pathlib import Path
from random import Random

import pytest

from orchestrator.catalog import read_shelf
from orchestrator.errors import ConfigurationError
from orchestrator.models import Shelf, Words
from orchestrator.prompts import parse, random_prompt

ROOT = Path(__file__).parents[2]
SHELF = read_shelf(ROOT / "workflows", ROOT / "comfyui/models")
EVERYBODY = SHELF.words[""]


def draws(character: str | None, *, shelf: Shelf = SHELF, model: str = "") -> list[str]:
    rng = Random(7)
    return [random_prompt(rng, shelf=shelf, character=character, model=model) for _ in range(100)]


def shelf_with(scope: str, **lists: tuple[str, ...]) -> Shelf:
    return SHELF.evolve(words={**SHELF.words, scope: lists})


def characters_of(prompts: list[str]) -> set[str]:
    return {parse(text, characters=SHELF.characters).character for text in prompts}


def ways(template: str, words: Words) -> int:
    """How many texts one template makes, if no two of its lists have an entry in common."""
    return prod(len(words[name]) for name in template.split("__")[1::2])


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
        assert "__" not in text
        assert parse(text, characters=SHELF.characters).positive


@pytest.mark.parametrize("kind", ["character_sentences", "sentences"])
def test_there_are_more_than_ten_thousand(kind: str) -> None:
    assert sum(ways(sentence, EVERYBODY) for sentence in EVERYBODY[kind]) > 10_000


def test_hardly_any_prompt_comes_twice() -> None:
    assert len({*draws(""), *draws(None)}) > 195


def test_a_character_may_have_words_of_its_own() -> None:
    shelf = shelf_with("@aya", garment=("silver spacesuit",))
    assert "silver spacesuit" in " ".join(draws("aya", shelf=shelf))
    assert "silver spacesuit" not in " ".join(draws("bella", shelf=shelf))


def test_a_model_may_have_sentences_of_its_own() -> None:
    shelf = shelf_with("sdxl", sentences=("{2$$ and $$a fox|a fox}, __light__",))
    assert all(text.startswith("a fox and a fox") for text in draws("", shelf=shelf, model="sdxl"))
    assert draws("", shelf=shelf, model="demo") == draws("")


def test_a_character_goes_before_a_model() -> None:
    both = shelf_with("sdxl", garment=("of the model",))
    both = both.evolve(words={**both.words, "@aya": {"garment": ("of the character",)}})
    assert "of the model" not in " ".join(draws("aya", shelf=both, model="sdxl"))


def test_without_words_the_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"random\.yaml"):
        random_prompt(Random(1), shelf=Shelf(), character=None)


def test_a_list_that_draws_from_itself_is_said_to() -> None:
    endless = Shelf(words={"": {"sentences": ("__hat__",), "hat": ("__hat__",)}})
    with pytest.raises(ConfigurationError, match="draws from itself"):
        random_prompt(Random(1), shelf=endless, character="")
