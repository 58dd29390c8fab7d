"""Word lists, sentences and wildcards as they are dropped."""

import re

import pytest
from catalog_samples import Workspace
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.catalog.words import WordFolder, read_wildcards, read_words
from orchestrator.errors import ConfigurationError
from orchestrator.models import Words

WORDS = "character_sentences: ['__coat__']\nsentences: ['__coat__']\ncoat: [red coat]\n"
COAT = {
    "character_sentences": ("__coat__",),
    "sentences": ("__coat__",),
    "coat": ("red coat",),
}


@pytest.fixture
def folder(workspace: Workspace) -> WordFolder:
    workspace.drop("workflows/prompts/random.yaml", WORDS)
    return WordFolder(workspace.workflows / "prompts")


def good(folder: WordFolder) -> dict[str, Words]:
    return dict(folder.look().good)


def fault(folder: WordFolder) -> str:
    (faults,) = folder.look().faults.values()
    return faults[0]


def test_everybodys_lists_are_there(folder: WordFolder) -> None:
    assert good(folder) == {"": COAT}


@pytest.mark.parametrize("scope", ["@aya", "sdxl", "sd-3.5"])
def test_a_character_and_a_model_may_have_a_file(
    folder: WordFolder, workspace: Workspace, scope: str
) -> None:
    workspace.drop(f"workflows/prompts/random.{scope}.yaml", "hat: [a hat with __coat__]")
    assert good(folder) == {"": COAT, scope: {"hat": ("a hat with __coat__",)}}


def test_a_dropped_wildcard_is_everybodys(folder: WordFolder, workspace: Workspace) -> None:
    workspace.drop("workflows/prompts/wildcards/hat.txt", "# hats\nfelt hat\n\nfur hat  # warm\n")
    assert good(folder) == {"": {**COAT, "hat": ("felt hat", "fur hat")}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hat: ['__shoe__']", "line 1: there is no list shoe"),
        ("# __not_meant__\nhat:\n- a\n- b __shoe__", "line 4: there is no list shoe"),
        ("hat: [a]\nenhance: [shoe]", "line 2: there is no list shoe"),
        ("hat:\n- a\n- '{b|c'", "line 3: hat.1: Value error, can't be drawn from"),
        ("hat: []", "line 1: hat: Tuple should have"),
        ("hat: ['']", "line 1: hat.0: String should have"),
        ("hat: felt", "line 1: hat: Input should be a valid tuple"),
        ("", "line 1: the file is empty"),
    ],
)
def test_a_faulty_file_names_itself_and_the_line(
    folder: WordFolder, workspace: Workspace, text: str, said: str
) -> None:
    workspace.drop("workflows/prompts/random.@aya.yaml", text)
    assert fault(folder).startswith(f"workflows/prompts/random.@aya.yaml: {said}")


@pytest.mark.parametrize("text", ["", "# only a remark", "felt hat\n{fur|felt"])
def test_a_faulty_wildcard_names_itself_and_the_line(
    folder: WordFolder, workspace: Workspace, text: str
) -> None:
    workspace.drop("workflows/prompts/wildcards/hat.txt", text)
    assert re.match(r"prompts/wildcards/hat.txt: line [12]: ", fault(folder))


def test_the_last_good_version_is_kept(folder: WordFolder, workspace: Workspace) -> None:
    folder.look()
    workspace.drop("workflows/prompts/random.yaml", WORDS + "hat: ['__shoe__']")
    assert good(folder) == {"": COAT}


def test_what_everybody_needs_is_asked_for(folder: WordFolder, workspace: Workspace) -> None:
    workspace.drop("workflows/prompts/random.yaml", "sentences: [a]")
    assert fault(folder).endswith("line 1: character_sentences: is missing")


def test_a_file_that_is_gone_is_no_longer_drawn_from(
    folder: WordFolder, workspace: Workspace
) -> None:
    file = workspace.drop("workflows/prompts/random.sdxl.yaml", "hat: [felt hat]")
    folder.look()
    file.unlink()
    assert good(folder) == {"": COAT}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_is_worse_than_a_fault(source: bytes) -> None:
    for read in (read_words, read_wildcards):
        try:
            read("one", source)
        except ConfigurationError as error:
            assert str(error).startswith("line ")
