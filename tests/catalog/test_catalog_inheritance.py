"""Cards that extend others, and characters that are limited to some models."""

import pytest
from catalog_samples import Workspace, described

from orchestrator.catalog.folders import Folders
from orchestrator.models import Shelf


def folders(workspace: Workspace) -> Folders:
    return Folders(workspace.workflows, workspace.models)


def shelf_of(workspace: Workspace) -> Shelf:
    return folders(workspace).read()


def character(workspace: Workspace, name: str, *lines: str) -> None:
    workspace.drop(f"workflows/characters/{name}.yaml", "\n".join(lines) + "\n")


def test_a_character_has_what_it_does_not_say_from_the_one_it_extends(
    workspace: Workspace,
) -> None:
    character(workspace, "aya", "trigger: aya", "positive: adult woman", "negative: hat")
    character(workspace, "old-aya", "extends: aya", "positive: adult woman, 70 years old")
    character(workspace, "bare-aya", "extends: old-aya", "negative: ''")
    cast = shelf_of(workspace).characters
    assert (cast["old-aya"].trigger, cast["old-aya"].negative) == ("aya", "hat")
    assert (cast["bare-aya"].positive, cast["bare-aya"].negative) == (
        "adult woman, 70 years old",
        "",
    )


def test_a_change_of_the_parent_is_a_change_of_the_child(workspace: Workspace) -> None:
    character(workspace, "aya", "trigger: aya")
    character(workspace, "child", "extends: aya")
    reading = folders(workspace)
    before = reading.read().characters["child"]
    character(workspace, "aya", "trigger: other")
    after = reading.read().characters["child"]
    assert after.trigger == "other"
    assert after.digest != before.digest


@pytest.mark.parametrize(
    ("parent", "reason"),
    [
        ("nobody", "there is no nobody"),
        ("b", "goes in a circle: a → b → a"),
        ("a", "goes in a circle: a → a"),
    ],
)
def test_what_can_t_be_extended_is_told_with_file_line_and_field(
    workspace: Workspace, parent: str, reason: str
) -> None:
    character(workspace, "a", "trigger: x", f"extends: {parent}")
    character(workspace, "b", "extends: a")
    told = shelf_of(workspace).faults
    assert f"workflows/characters/a.yaml: line 2: extends: {reason}" in told


def test_a_child_whose_parent_is_gone_stays_as_it_was(workspace: Workspace) -> None:
    character(workspace, "aya", "trigger: aya")
    character(workspace, "child", "extends: aya")
    reading = folders(workspace)
    good = reading.read().characters["child"]
    (workspace.workflows / "characters/aya.yaml").unlink()
    shelf = reading.read()
    assert shelf.characters == {"child": good}
    assert len(shelf.faults) == 1


def test_a_style_of_a_card_extends_a_shared_one(workspace: Workspace) -> None:
    workspace.drop("workflows/styles/film.yaml", "quality: film grain\nsteps: 40\ncfg: 5.0\n")
    workspace.card("one", "  film: {extends: film, steps: 9}")
    film = shelf_of(workspace).models["one"].styles["film"]
    assert (film.quality, film.steps, film.cfg) == ("film grain", 9, 5.0)


def test_a_card_that_extends_no_style_is_told_and_stays_as_it_was(workspace: Workspace) -> None:
    workspace.drop("workflows/styles/film.yaml", "quality: film grain")
    workspace.card("one", "  film: {extends: film}")
    reading = folders(workspace)
    good = reading.read().models
    (workspace.workflows / "styles/film.yaml").unlink()
    shelf = reading.read()
    assert shelf.models == good
    assert shelf.faults == ("workflows/models/one.yaml: line 6: extends: there is no style film",)


def test_a_family_that_is_none_is_a_fault_of_the_card(workspace: Workspace) -> None:
    character(workspace, "aya", "families: [sdxl, sd9]")
    (fault,) = shelf_of(workspace).faults
    assert fault.startswith("workflows/characters/aya.yaml: line 1: families.1: ")
    assert "must be one of sdxl, sd2" in fault


@pytest.fixture
def two_families(workspace: Workspace) -> Workspace:
    for family in ("sdxl", "sd15"):
        workspace.family(family)
        workspace.template(family, ckpt_name="{{ checkpoint }}")
        file = f"checkpoints/{family}.safetensors"
        workspace.weights(file, described(f"checkpoint.{family}.plain"))
    return workspace


def drawn_by(shelf: Shelf, name: str) -> set[str]:
    return {key for key, model in shelf.models.items() if name in shelf.cast(model)}


def test_a_character_may_be_limited_to_families(two_families: Workspace) -> None:
    character(two_families, "aya", "families: [sdxl]")
    assert drawn_by(shelf_of(two_families), "aya") == {"sdxl"}


def test_a_character_with_a_lora_is_for_models_of_its_family(two_families: Workspace) -> None:
    said = {"modelspec.trigger_phrase": "mila"}
    two_families.weights("loras/m.safetensors", described("lora.sd15.kohya", said))
    character(two_families, "mila", "lora: m.safetensors")
    shelf = shelf_of(two_families)
    assert drawn_by(shelf, "mila") == {"sd15"}
    assert shelf.characters["mila"].trigger == "mila"


def test_a_character_whose_lora_fits_none_of_its_families_is_withheld(
    two_families: Workspace,
) -> None:
    two_families.weights("loras/m.safetensors", described("lora.sd15.kohya"))
    character(two_families, "mila", "lora: m.safetensors", "families: [sdxl]")
    shelf = shelf_of(two_families)
    reason = "loras/m.safetensors is for models of sd15, and the card for those of sdxl"
    assert shelf.withheld["@mila"] == reason
