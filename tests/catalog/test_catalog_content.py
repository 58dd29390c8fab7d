"""The cards, characters and texts that come with the product."""

from pathlib import Path
from random import Random

import pytest
from catalog_samples import Workspace

from orchestrator.catalog import read_shelf
from orchestrator.catalog.folders import Folders
from orchestrator.catalog.formats import read_character, read_model
from orchestrator.compliance.floor import judge
from orchestrator.models import Character, Model, Shelf
from orchestrator.prompts import compose, parse, random_prompt
from orchestrator.prompts.texts import check

WORKFLOWS = Path(__file__).parents[2] / "workflows"
MODELS = sorted(path.stem for path in WORKFLOWS.glob("models/*.yaml"))
CHARACTERS = sorted(path.stem for path in WORKFLOWS.glob("characters/*.yaml"))
DOCUMENTED_MODELS = [  # ids in the documents of the four APIs
    "eros",
    "flux-1",
    "flux-2",
    "flux-abliterated",
    "sd-3.5",
    "sdxl-base",
]


def model(key: str) -> Model:
    return read_model(key, (WORKFLOWS / f"models/{key}.yaml").read_bytes())


@pytest.fixture
def full(tmp_path: Path) -> Shelf:
    """The shelf once every checkpoint that a card names is there."""
    workspace = Workspace(tmp_path)
    for key in MODELS:
        if model(key).checkpoint:
            workspace.weights(f"checkpoints/{model(key).checkpoint}")
    return read_shelf(WORKFLOWS, workspace.models)


@pytest.fixture
def fresh(tmp_path: Path) -> Shelf:
    """The shelf of a machine without weights."""
    return read_shelf(WORKFLOWS, tmp_path)


def test_nothing_is_faulty(tmp_path: Path) -> None:
    assert Folders(WORKFLOWS, tmp_path, check_text=check).read().faults == ()


@pytest.mark.parametrize("key", MODELS)
def test_a_model_is_served_once_its_weights_are_there(full: Shelf, key: str) -> None:
    assert key in full.models


@pytest.mark.parametrize("key", MODELS)
def test_a_model_has_three_styles_and_the_documented_one(key: str) -> None:
    styles = model(key).styles
    assert len(styles) >= 3
    assert "professional" in styles


@pytest.mark.parametrize("key", MODELS)
def test_the_styles_of_a_model_differ(key: str) -> None:
    styles = model(key).styles.values()
    assert len({style.quality for style in styles}) == len(styles)


@pytest.mark.parametrize("name", CHARACTERS)
def test_a_character_is_clearly_an_adult(name: str) -> None:
    character = read_character(name, (WORKFLOWS / f"characters/{name}.yaml").read_bytes())
    assert character.positive.startswith("adult ")


def test_the_documented_characters_are_offered(fresh: Shelf) -> None:
    assert {"aaliyah", "aya", "bella"} < set(fresh.characters)


@pytest.mark.parametrize("key", DOCUMENTED_MODELS)
def test_a_documented_model_id_names_a_model(full: Shelf, key: str) -> None:
    named = full.model(key)
    assert named is not None
    assert key in named.aliases


@pytest.mark.parametrize("key", DOCUMENTED_MODELS)
def test_without_weights_every_id_falls_back_to_the_demo(fresh: Shelf, key: str) -> None:
    named = fresh.model(key)
    assert named is not None
    assert named.key == "demo"


def test_the_demo_is_first_only_while_nothing_else_is_served(full: Shelf, fresh: Shelf) -> None:
    assert list(fresh.models) == ["demo"]
    assert list(full.models)[-1] == "demo"


def test_a_model_without_weights_says_so(fresh: Shelf) -> None:
    learned = {key for key in MODELS if model(key).checkpoint}
    assert set(fresh.withheld) == learned


@pytest.mark.parametrize("name", ["", *CHARACTERS])
def test_no_random_prompt_is_refused(fresh: Shelf, name: str) -> None:
    rng = Random(11)
    for _ in range(100):
        raw = random_prompt(rng, shelf=fresh, character=name)
        drawn = compose(
            parse(raw, characters=fresh.characters),
            model=fresh.models["demo"],
            style=rng.choice(list(fresh.models["demo"].styles.values())),
            character=fresh.characters.get(name, Character(name="")),
            negative="",
            texts=fresh.texts,
        )
        assert judge({"prompt": raw, **drawn.model_dump()}) == ()
