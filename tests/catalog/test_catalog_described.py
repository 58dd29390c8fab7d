"""Files that nobody has written a card for: what they are served as, and why some are not."""

import json
import os
from pathlib import Path

import pytest
from catalog_samples import Workspace, described

from orchestrator.catalog import read_shelf
from orchestrator.catalog.described import key_of
from orchestrator.catalog.told import SIDECAR_LIMIT
from orchestrator.models import Shelf

SDXL = described("checkpoint.sdxl.plain")
FLUX = described("diffusion_model.flux.dev")


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    """Families and templates, and no weights."""
    workspace.family("sdxl", "steps: 31", "cfg: 5.5", "base_negative: blurry")
    workspace.family("sd15", "steps: 27")
    workspace.family("flux", "cfg: 1.0", "kinds: {schnell: {steps: 4, cfg: 1.0}}")
    workspace.template("sdxl", ckpt_name="{{ checkpoint }}")
    workspace.template("sd15", ckpt_name="{{ checkpoint }}")
    workspace.template(
        "flux",
        unet_name="{{ checkpoint }}",
        clip_name="{{ companions.t5xxl }}",
        vae_name="{{ companions.vae }}",
    )
    return workspace


def shelf_of(workspace: Workspace) -> Shelf:
    return read_shelf(workspace.workflows, workspace.models)


def withheld(workspace: Workspace, file: str) -> str:
    return shelf_of(workspace).withheld[file]


def test_a_checkpoint_is_served_with_its_family_s_template_and_defaults(
    stocked: Workspace,
) -> None:
    stocked.weights("checkpoints/Soft Light v2.safetensors", SDXL)
    model = shelf_of(stocked).models["soft-light-v2"]
    style = model.style("")
    assert (model.family, model.template, model.label) == ("sdxl", "sdxl", "Soft light v2")
    assert (style.steps, style.cfg, model.base_negative) == (31, 5.5, "blurry")
    assert model.weights == ("checkpoints/Soft Light v2.safetensors",)


def test_the_shared_styles_are_its_styles(stocked: Workspace) -> None:
    stocked.weights("checkpoints/a.safetensors", SDXL)
    stocked.drop("workflows/styles/film.yaml", "quality: film grain\nsteps: 40")
    stocked.drop("workflows/styles/ink.yaml", "quality: ink\nfamilies: [flux]")
    model = shelf_of(stocked).models["a"]
    film = model.styles["film"]
    assert list(model.styles) == ["film"]
    assert (film.label, film.quality, film.steps, film.cfg) == ("Film", "film grain", 40, 5.5)


def test_it_comes_after_every_card_and_before_what_has_no_weights(stocked: Workspace) -> None:
    stocked.card("painter", "order: 0")
    stocked.weights("checkpoints/a.safetensors", SDXL)
    stocked.weights("checkpoints/z.safetensors", SDXL)
    stocked.card("z", "checkpoint: z.safetensors", "order: 999999")
    assert list(shelf_of(stocked).models) == ["z", "a", "painter"]


def test_a_file_that_a_card_names_is_that_card_s(stocked: Workspace) -> None:
    stocked.weights("checkpoints/a.safetensors", SDXL)
    stocked.card("b", "checkpoint: a.safetensors")
    shelf = shelf_of(stocked)
    assert list(shelf.models) == ["b"]
    assert shelf.models["b"].family == "sdxl"


def test_two_files_of_one_key_don_t_take_turns(stocked: Workspace) -> None:
    stocked.weights("checkpoints/a b.safetensors", SDXL)
    stocked.weights("checkpoints/a-b.safetensors", SDXL)
    shelf = shelf_of(stocked)
    assert shelf.models["a-b"].checkpoint == "a b.safetensors"
    assert "another model a-b" in shelf.withheld["checkpoints/a-b.safetensors"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("x.safetensors", "x"),
        ("Anime/Soft Light v2.safetensors", "anime-soft-light-v2"),
        ("sd_xl_base_1.0.safetensors", "sd_xl_base_1.0"),
        ("[style] é.safetensors", "style"),
        ("日本.safetensors", "model"),
        ("x" * 99 + ".safetensors", "x" * 64),
    ],
)
def test_a_key_is_made_of_the_file_s_name(name: str, key: str) -> None:
    assert key_of(name) == key


def test_a_model_without_its_companions_says_what_to_drop_where(stocked: Workspace) -> None:
    file = "diffusion_models/flux.safetensors"
    stocked.weights(file, FLUX)
    assert withheld(stocked, file) == "needs the text encoder t5xxl: drop it into text_encoders/"
    stocked.weights("text_encoders/t5.safetensors", described("text_encoder.none.t5xxl"))
    assert withheld(stocked, file) == "needs a VAE of flux: drop it into vae/"
    stocked.weights("vae/ae.safetensors", described("vae.flux.16-channels"))
    model = shelf_of(stocked).models["flux"]
    assert model.companions == {"t5xxl": "t5.safetensors", "vae": "ae.safetensors"}
    assert "vae/ae.safetensors" in model.weights


def test_a_kind_is_sampled_in_its_own_way(stocked: Workspace) -> None:
    stocked.template("flux", unet_name="{{ checkpoint }}")
    stocked.weights("unet/s.safetensors", described("diffusion_model.flux.schnell"))
    assert shelf_of(stocked).models["s"].style("").steps == 4


@pytest.mark.parametrize(
    ("file", "sample", "reason"),
    [
        ("checkpoints/x", "diffusion_model.flux.dev", "alone: move it to diffusion_models/"),
        ("checkpoints/x", "lora.sdxl.kohya", "is a lora: move it to loras/"),
        ("checkpoints/x", "checkpoint.sdxl.refiner", "is a refiner"),
        ("checkpoints/x", "checkpoint.sd2.plain", "there is no workflows/families/sd2.yaml"),
        ("checkpoints/x", "none.none.strangers", "is of no family that we know"),
        ("diffusion_models/x", "diffusion_model.none.flux-2", "no family that we know (flux 2)"),
        ("diffusion_models/x", "diffusion_model.flux.fill", "needs a picture to start from"),
        ("diffusion_models/x", "diffusion_model.sdxl.plain", "no template sdxl loads from"),
        ("loras/x", "checkpoint.sdxl.plain", "is a checkpoint: move it to checkpoints/"),
        ("loras/x", "lora.none.of-nobody-we-know", "is for no family of models that we know"),
        ("vae/x", "text_encoder.none.clip_l", "is a text encoder: move it to text_encoders/"),
    ],
)
def test_a_file_that_can_t_be_used_says_why(
    stocked: Workspace, file: str, sample: str, reason: str
) -> None:
    stocked.weights(f"{file}.safetensors", described(sample))
    assert reason in withheld(stocked, f"{file}.safetensors")


def test_the_maker_s_title_is_the_label(stocked: Workspace) -> None:
    title = {"modelspec.title": "Soft  Light\n"}
    stocked.weights("checkpoints/a.safetensors", described("checkpoint.sdxl.plain", title))
    assert shelf_of(stocked).models["a"].label == "Soft Light"


@pytest.mark.parametrize("end", [".civitai.info", ".json", ".metadata.json"])
def test_a_note_beside_the_file_goes_before_the_metadata(stocked: Workspace, end: str) -> None:
    stocked.weights("loras/a.safetensors", described("lora.sdxl.kohya", {"modelspec.title": "B"}))
    note = {"model": {"name": "Red coats"}, "trainedWords": ["redcoat, wool", "<lora:a:1>"]}
    stocked.drop(f"models/loras/a{end}", json.dumps(note))
    lora = shelf_of(stocked).loras["a.safetensors"]
    assert (lora.label, lora.family, lora.triggers) == ("Red coats", "sdxl", ("redcoat", "wool"))


@pytest.mark.parametrize("note", ["{", "[]", "null", '{"trainedWords": 3}', '{"model": []}'])
def test_a_note_that_makes_no_sense_keeps_no_file_back(stocked: Workspace, note: str) -> None:
    stocked.weights("loras/a.safetensors", described("lora.sdxl.kohya"))
    stocked.drop("models/loras/a.json", note)
    assert shelf_of(stocked).loras["a.safetensors"].triggers == ()


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "is no JSON object"),
        ('{"a": "\\ud800"}', "is no JSON"),
        ('{"a": "' + "x" * SIDECAR_LIMIT + '"}', "is larger than 1 MiB"),
    ],
)
def test_a_note_that_is_not_used_is_told(stocked: Workspace, note: str, reason: str) -> None:
    stocked.weights("loras/a.safetensors", described("lora.sdxl.kohya"))
    stocked.drop("models/loras/a.json", note)
    (fault,) = shelf_of(stocked).faults
    assert fault.startswith(f"loras/a.safetensors: a.json beside it is not used: {reason}")


@pytest.mark.parametrize(
    "said",
    [
        {"modelspec.trigger_phrase": "mila"},
        {"ss_tag_frequency": json.dumps({"10_mila": {"mila": 20, "hat": 3}, "5_x": {"hat": 2}})},
    ],
)
def test_trigger_words_are_read_from_the_metadata(stocked: Workspace, said: dict[str, str]) -> None:
    stocked.weights("loras/a.safetensors", described("lora.sdxl.kohya", said))
    assert shelf_of(stocked).loras["a.safetensors"].triggers == ("mila",)


def test_a_lora_is_offered_for_models_of_its_family_only(stocked: Workspace) -> None:
    stocked.weights("checkpoints/xl.safetensors", SDXL)
    stocked.weights("checkpoints/old.safetensors", described("checkpoint.sd15.plain"))
    stocked.weights("loras/a.safetensors", described("lora.sdxl.kohya"))
    shelf = shelf_of(stocked)
    lora = shelf.loras["a.safetensors"]
    assert [key for key, model in shelf.models.items() if lora.fits(model)] == ["xl"]


def test_a_style_with_a_lora_of_another_family_takes_its_card_away(stocked: Workspace) -> None:
    stocked.weights("checkpoints/xl.safetensors", SDXL)
    stocked.weights("loras/a.safetensors", described("lora.sd15.kohya"))
    use = "  rich: {label: Rich, loras: [{file: a.safetensors}]}"
    stocked.card("xl", use, "checkpoint: xl.safetensors")
    assert withheld(stocked, "xl") == "loras/a.safetensors is for models of sd15, not sdxl"


def test_a_card_with_the_template_of_another_family_is_withheld(stocked: Workspace) -> None:
    stocked.weights("checkpoints/a.safetensors", described("checkpoint.sd15.plain"))
    card = stocked.card("a", "checkpoint: a.safetensors")
    card.write_text(card.read_text().replace("template: one", "template: sdxl"))
    assert "is a model of sd15, and the template one of sdxl" in withheld(stocked, "a")


def test_a_whole_models_folder_may_be_a_link(stocked: Workspace, tmp_path: Path) -> None:
    stocked.models.rmdir()
    shared = tmp_path / "shared"
    shared.mkdir()
    stocked.models.symlink_to(shared)
    stocked.weights("checkpoints/a.safetensors", SDXL)
    assert "a" in shelf_of(stocked).models


def test_a_cut_off_file_is_not_served(stocked: Workspace) -> None:
    file = stocked.weights("checkpoints/a.safetensors", SDXL[:-1])
    os.utime(file, (0, 0))
    assert "bytes instead of" in withheld(stocked, "checkpoints/a.safetensors")
