"""What of the dropped files is offered, in which order, and why the rest is not."""

import re
from pathlib import Path

import pytest
from catalog_samples import CARD, Workspace

from orchestrator.catalog import read_shelf
from orchestrator.catalog.folders import Folders
from orchestrator.errors import TemplateFault
from orchestrator.models import Shelf

LORA = "{label: Plain, loras: [{file: thin.safetensors}]}"


def shelf_of(workspace: Workspace, *, default_model: str = "") -> Shelf:
    return read_shelf(workspace.workflows, workspace.models, default_model=default_model)


def checkpoint_card(workspace: Workspace, key: str, *lines: str) -> None:
    workspace.weights(f"checkpoints/{key}.safetensors")
    workspace.card(key, f"checkpoint: {key}.safetensors", *lines)


def test_nothing_there_is_an_empty_shelf(tmp_path: Path) -> None:
    assert read_shelf(tmp_path / "a", tmp_path / "b") == Shelf()


def test_a_card_without_weights_is_served(workspace: Workspace) -> None:
    workspace.card("one")
    shelf = shelf_of(workspace)
    assert list(shelf.models) == ["one"]
    assert shelf.withheld == {}


def test_models_come_by_order_and_then_by_key(workspace: Workspace) -> None:
    checkpoint_card(workspace, "c")
    checkpoint_card(workspace, "b")
    checkpoint_card(workspace, "a", "order: 2")
    checkpoint_card(workspace, "d", "order: 1")
    assert list(shelf_of(workspace).models) == ["d", "a", "b", "c"]


def test_a_model_without_learned_weights_comes_last(workspace: Workspace) -> None:
    workspace.card("painter", "order: 0")
    checkpoint_card(workspace, "a", "order: 9999")
    assert list(shelf_of(workspace).models) == ["a", "painter"]


@pytest.mark.parametrize("name", ["painter", "brush"])
def test_the_default_model_comes_first(workspace: Workspace, name: str) -> None:
    workspace.card("painter", "aliases: [brush]")
    checkpoint_card(workspace, "a")
    assert next(iter(shelf_of(workspace, default_model=name).models)) == "painter"


def test_a_default_model_that_is_not_served_is_a_fault(workspace: Workspace) -> None:
    workspace.card("one")
    shelf = shelf_of(workspace, default_model="two")
    assert list(shelf.models) == ["one"]
    assert shelf.faults == ("the default model two is not served",)


def test_a_card_without_its_checkpoint_is_withheld(workspace: Workspace) -> None:
    workspace.card("one", "checkpoint: one.safetensors")
    shelf = shelf_of(workspace)
    assert shelf.models == {}
    assert shelf.withheld == {"one": "checkpoints/one.safetensors is not in the models folder"}


def test_a_card_whose_checkpoint_is_cut_off_is_withheld(workspace: Workspace) -> None:
    workspace.weights("checkpoints/one.safetensors", b"\0" * 9)
    workspace.card("one", "checkpoint: one.safetensors")
    assert "checkpoints/one.safetensors has" in shelf_of(workspace).withheld["one"]


def test_a_card_without_a_lora_of_a_style_is_withheld(workspace: Workspace) -> None:
    workspace.card("one", f"  rich: {LORA}", f"  poor: {LORA}")
    reason = "loras/thin.safetensors is not in the models folder"
    assert shelf_of(workspace).withheld == {"one": reason}
    workspace.weights("loras/thin.safetensors")
    assert list(shelf_of(workspace).models) == ["one"]


def test_a_card_without_its_template_is_withheld(workspace: Workspace) -> None:
    workspace.card("one")
    (workspace.workflows / "templates/one.json").unlink()
    reason = shelf_of(workspace).withheld["one"]
    assert re.search(r"models/one\.yaml: line \d+: template: there is no template one$", reason)


def test_a_card_that_was_never_sound_is_withheld_with_its_faults(workspace: Workspace) -> None:
    workspace.card("one", "order: x")
    shelf = shelf_of(workspace)
    assert shelf.withheld == {"one": "; ".join(shelf.faults)}
    assert shelf.faults[0].startswith("workflows/models/one.yaml: line 6: order: Input should")


def test_files_that_nobody_knows_are_listed(workspace: Workspace) -> None:
    workspace.weights("checkpoints/x.safetensors")
    workspace.weights("loras/y.safetensors")
    unknown = "is of no family that we know: write workflows/models/<key>.yaml"
    assert shelf_of(workspace).withheld == {
        "checkpoints/x.safetensors": unknown,
        "loras/y.safetensors": "is for no family of models that we know",
    }


def test_a_pickle_file_is_listed_with_the_reason(workspace: Workspace) -> None:
    workspace.weights("loras/x.pt", b"x")
    assert "can run code" in shelf_of(workspace).withheld["loras/x.pt"]


def test_a_character_without_a_lora_needs_none(workspace: Workspace) -> None:
    workspace.drop("workflows/characters/aya.yaml", "trigger: aya\nnegative: long hair\n")
    assert shelf_of(workspace).characters["aya"].negative == "long hair"


def test_a_character_whose_lora_is_missing_is_withheld(workspace: Workspace) -> None:
    workspace.drop("workflows/characters/aya.yaml", "lora: aya.safetensors\n")
    shelf = shelf_of(workspace)
    assert shelf.characters == {}
    assert shelf.withheld == {"@aya": "loras/aya.safetensors is not in the models folder"}


def test_files_of_editors_are_passed_over(workspace: Workspace) -> None:
    for name in (".#one.yaml", "one.yaml~", ".one.yaml.swp", "README.md"):
        workspace.drop(f"workflows/models/{name}", "{")
    assert shelf_of(workspace) == shelf_of(workspace).evolve(faults=(), withheld={}, models={})


def test_a_file_that_is_too_large_is_a_fault(workspace: Workspace) -> None:
    workspace.drop("workflows/prompts/positive.j2", "x" * (5 << 20))
    assert shelf_of(workspace).faults == ("workflows/prompts/positive.j2: is larger than 4 MiB",)


def test_a_file_that_may_not_be_read_is_a_fault(workspace: Workspace) -> None:
    workspace.card("one").unlink()
    (workspace.workflows / "models/one.yaml").symlink_to("/proc/self/mem")
    assert shelf_of(workspace).faults == ("workflows/models/one.yaml: Input/output error",)


def test_the_last_good_version_of_a_card_is_served(workspace: Workspace) -> None:
    workspace.card("one")
    folders = Folders(workspace.workflows, workspace.models)
    good = folders.read()
    workspace.card("one", "order: x")
    shelf = folders.read()
    assert shelf.models == good.models
    assert len(shelf.faults) == 1
    assert shelf.withheld == {}


def test_a_mended_card_has_no_fault(workspace: Workspace) -> None:
    workspace.card("one", "order: x")
    folders = Folders(workspace.workflows, workspace.models)
    folders.read()
    workspace.card("one", "order: 5")
    shelf = folders.read()
    assert shelf.faults == ()
    assert shelf.models["one"].order == 5


def test_what_a_check_refuses_is_not_served(workspace: Workspace) -> None:
    def refuse(stem: str, text: str) -> None:
        raise TemplateFault(f"{stem} says {text}")

    workspace.drop("workflows/prompts/positive.j2", "x")
    shelf = Folders(workspace.workflows, workspace.models, check_text=refuse).read()
    assert shelf.texts == {}
    assert shelf.faults == ("workflows/prompts/positive.j2: positive says x",)


def test_words_and_texts_are_on_the_shelf(workspace: Workspace) -> None:
    workspace.drop("workflows/prompts/positive.j2", "{{ prompt }}")
    workspace.drop(
        "workflows/prompts/random.yaml", "sentences: [a]\ncharacter_sentences: [b]\nhat: [c]"
    )
    shelf = shelf_of(workspace)
    assert shelf.texts == {"positive": "{{ prompt }}"}
    assert shelf.words == {"": {"sentences": ("a",), "character_sentences": ("b",), "hat": ("c",)}}


def test_the_card_and_its_digest_are_kept(workspace: Workspace) -> None:
    workspace.drop("workflows/models/one.yaml", CARD)
    model = shelf_of(workspace).models["one"]
    assert (model.label, model.style("").steps, len(model.digest)) == ("One", 4, 64)
