"""Node schemas are read from what both generations of ComfyUI say."""

import json

from orchestrator.workflows import packaged_schemas, parse_schemas
from orchestrator.workflows.schemas import fits, reduced

OLD = {
    "Sampler": {
        "input": {
            "required": {
                "model": ["MODEL"],
                "steps": ["INT", {"default": 20, "min": 1, "max": 100, "step": 1, "tooltip": "t"}],
                "sampler_name": [["euler", "heun"]],
                "ckpt_name": [["mine.safetensors"]],
                "image": [["cat.png"], {"image_upload": True}],
            },
            "optional": {"mask": ["MASK"]},
            "hidden": {"prompt": "PROMPT"},
        },
        "output": ["LATENT", ["a", "b"]],
        "description": "text",
    }
}
NEW = {
    "Sampler": {
        "input": {
            "required": {
                "sampler_name": ["COMBO", {"options": ["euler", "heun"]}],
                "images": ["COMFY_AUTOGROW_V3", {"template": {}}],
            }
        },
        "output": ["LATENT"],
    }
}


def test_inputs_keep_order_type_bounds_and_whether_they_are_required():
    inputs = parse_schemas(OLD)["Sampler"].inputs
    assert list(inputs) == ["model", "steps", "sampler_name", "ckpt_name", "image", "mask"]
    assert (inputs["steps"].type, inputs["steps"].minimum, inputs["steps"].maximum) == (
        "INT",
        1,
        100,
    )
    assert [name for name, i in inputs.items() if not i.required] == ["mask"]


def test_choices_are_read_in_both_spellings():
    for told in (OLD, NEW):
        declared = parse_schemas(told)["Sampler"].inputs["sampler_name"]
        assert (declared.type, declared.choices) == ("COMBO", ("euler", "heun"))


def test_files_of_the_machine_are_not_choices():
    inputs = parse_schemas(OLD)["Sampler"].inputs
    assert inputs["ckpt_name"].choices == inputs["image"].choices == ()


def test_a_list_of_outputs_is_a_combo():
    assert parse_schemas(OLD)["Sampler"].outputs == ("LATENT", "COMBO")


def test_members_of_a_growing_input_are_declared():
    schema = parse_schemas(NEW)["Sampler"]
    assert schema.input("images.image0") is schema.inputs["images"]
    assert schema.input("image") is None


def test_reducing_loses_no_fact_and_no_file_name_survives():
    assert parse_schemas(reduced(OLD)) == parse_schemas(OLD)
    assert "mine.safetensors" not in json.dumps(reduced(OLD))


def test_the_snapshot_knows_the_stock_nodes_and_ours():
    known = packaged_schemas()
    assert {"KSampler", "LoraLoader", "VAEDecode", "ImgenOutput", "ImgenFinish"} <= known.keys()
    assert known["CheckpointLoaderSimple"].outputs == ("MODEL", "CLIP", "VAE")


def test_types_fit_as_comfyui_fits_them():
    assert fits("IMAGE", "IMAGE")
    assert fits("IMAGE", "IMAGE,MASK")
    assert fits("*", "MODEL")
    assert fits("MODEL", "*")
    assert not fits("IMAGE,MASK", "IMAGE")
    assert not fits("INT", "FLOAT")
