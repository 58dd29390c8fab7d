"""The audit tells every fault of a template, by node title and input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workflow_samples import FINISH, adapted, node, picture, template

from orchestrator.workflows import SAMPLE, Fault, audit, build, packaged_schemas

LORA = {"lora_name": "{{ lora.file }}", "strength_model": 1.0, "strength_clip": 1.0}


def faults(graph) -> set[tuple[str, str, str]]:
    found = audit(template(graph), packaged_schemas())
    assert len(set(found)) == len(found)
    return {(fault.node, fault.input, fault.message) for fault in found}


def scale(*without: str, **inputs):
    """The scaling node with other inputs."""
    whole = {**picture()["scale"]["inputs"], **inputs}
    return node("ImageScaleBy", "Scale", **{k: v for k, v in whole.items() if k not in without})


def sampler(**clauses):
    return adapted(node("VAELoader", "Vae", vae_name="any.safetensors"), **clauses)


BROKEN = {
    "unknown class": (
        picture(extra=node("NoSuchNode", "Extra")),
        ("Extra", "", "class NoSuchNode is not installed"),
    ),
    "undeclared input": (
        picture(scale=scale(scale_bye=2.0)),
        ("Scale", "scale_bye", "ImageScaleBy has no such input; did you mean scale_by?"),
    ),
    "missing input": (
        picture(scale=scale("scale_by")),
        ("Scale", "scale_by", "is required and not given"),
    ),
    "link to no node": (
        picture(scale=scale(image=["gone", 0])),
        ("Scale", "image", "links to node gone, which is not there"),
    ),
    "link to no output": (
        picture(scale=scale(image=["paper", 3])),
        ("Scale", "image", 'links to output 3 of "Paper", which has 1'),
    ),
    "link to an output before the first, of a node that may be bypassed": (
        picture(paper=adapted(picture()["paper"], when="loras"), scale=scale(image=["paper", -1])),
        ("Scale", "image", 'links to output -1 of "Paper", which has 1'),
    ),
    "link of another type": (
        picture(vae=sampler(), scale=scale(image=["vae", 0])),
        ("Scale", "image", 'takes IMAGE, and "Vae" gives VAE'),
    ),
    "a value where a link belongs": (
        picture(scale=scale(image="cat")),
        ("Scale", "image", "takes a link to IMAGE, not a value"),
    ),
    "no choice": (
        picture(scale=scale(upscale_method="cubic")),
        ("Scale", "upscale_method",
         "'cubic' is not one of nearest-exact, bilinear, area, bicubic, lanczos"),
    ),
    "text for a number": (
        picture(scale=scale(scale_by="{{ positive }}")),
        ("Scale", "scale_by", "takes FLOAT, not 'aya, red coat, snowy street, warm lighting'"),
    ),
    "too much": (
        picture(scale=scale(scale_by=99)),
        ("Scale", "scale_by", "99 is above 8.0"),
    ),
    "too little": (
        picture(scale=scale(scale_by="{{ cfg - 10 }}")),
        ("Scale", "scale_by", "-3.0 is below 0.01"),
    ),
    "syntax": (
        picture(scale=scale(scale_by="{{ cfg")),
        ("Scale", "scale_by",
         "unexpected end of template, expected 'end of print statement'."),
    ),
    "no output": (picture(out=None), ("", "", "has no Imgen Output node")),
    "second output": (
        picture(more=node("ImgenOutput", "More", image=["paper", 0])),
        ("More", "", "is a second Imgen Output; a template has exactly one"),
    ),
    "conditional output": (
        picture(out=adapted(picture()["out"], when="loras")),
        ("Output", "when", "an Imgen Output is never bypassed or repeated"),
    ),
    "own finish": (
        picture(end=node("ImgenFinish", "End", image=["paper", 0])),
        ("End", "", "is appended by the service; end in Imgen Output"),
    ),
    "cycle": (
        picture(scale=scale(image=["scale", 0])),
        ("Scale", "", "takes part in a cycle"),
    ),
    "when is no expression": (
        picture(scale=adapted(scale(), when="{{ loras }}")),
        ("Scale", "when", "is an expression without braces"),
    ),
    "when is no text": (
        picture(scale=adapted(scale(), when=True)),
        ("Scale", "when", "is an expression without braces"),
    ),
    "each without a name": (
        picture(scale=adapted(scale(), each="loras")),
        ("Scale", "each", "has the form: lora in loras"),
    ),
    "each over no list": (
        picture(scale=adapted(scale(), each="n in width")),
        ("Scale", "each", "width is not a list"),
    ),
    "each takes a name": (
        picture(scale=adapted(scale(), each="seed in loras")),
        ("Scale", "each", "seed is taken: call the item something else"),
    ),
    "each can't be chained": (
        picture(paper=adapted(picture()["paper"], each="n in [1]")),
        ("Paper", "each", "no output of the node can feed an input of the next copy"),
    ),
    "bypass leaves a hole": (
        picture(paper=adapted(picture()["paper"], when="style == 'ink'")),
        ("Scale", "image", "nothing feeds it once its source is bypassed"),
    ),
    "bypass leaves a hole for an empty list": (
        picture(
            paper=adapted(picture()["paper"], when="loras"),
            scale=adapted(scale(), when="style or true"),
        ),
        ("Scale", "image", "nothing feeds it once its source is bypassed"),
    ),
    "no node": (
        picture(extra={"class_type": "EmptyImage", "_meta": {"title": "Extra"}}),
        ("Extra", "", "is not a node of ComfyUI's API format: class_type, inputs, _meta"),
    ),
}  # fmt: skip


def test_a_sound_template_has_no_fault():
    assert faults(picture()) == set()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_fault_is_told(kind):
    graph, fault = BROKEN[kind]
    assert fault in faults(graph)


@pytest.mark.parametrize("clauses", [{}, {"when": "style == 'ink'"}, {"when": "not loras"}])
def test_an_unbound_name_is_told_even_where_no_sample_leads(clauses):
    graph = picture(scale=adapted(scale(scale_by="{{ factr }}"), **clauses))
    assert any("unknown name factr" in message for _, _, message in faults(graph))


KEYS = st.sampled_from(["image", "images", "scale_by", "ckpt_name", "mask", "title", "text"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
LEAVES |= st.sampled_from(["{{ cfg }}", "{{ nowhere }}", "{{", "loras", "x in loras", "x in cfg"])
LINKS = st.tuples(st.sampled_from(["a", "b", "c", "?"]), st.integers(-1, 2)).map(list)
VALUES = LINKS | st.recursive(
    LEAVES, lambda leaf: st.lists(leaf, max_size=3) | st.dictionaries(KEYS, leaf, max_size=3)
)
CLASSES = st.sampled_from(["ImageScaleBy", "ImgenOutput", "CheckpointLoaderSimple", "Unknown"])
NODES = st.fixed_dictionaries(
    {"class_type": CLASSES, "inputs": st.dictionaries(KEYS, VALUES, max_size=4)},
    optional={
        "_meta": st.dictionaries(st.sampled_from(["title", "when", "each"]), VALUES, max_size=3)
    },
)
JUNK = st.dictionaries(st.sampled_from(["class_type", "inputs", "_meta"]), VALUES, max_size=3)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), NODES | JUNK, max_size=3))
def test_whatever_is_dropped_is_judged(graph):
    """A template without a fault builds; one with faults never breaks the audit."""
    dropped = template(graph)
    if not audit(dropped, packaged_schemas()):
        build(dropped, SAMPLE, finish=FINISH)


def test_all_faults_are_told_at_once():
    broken = scale("upscale_method", scale_by="{{ factr }}", scala=1, image=["gone", 0])
    assert {name for _, name, _ in faults(picture(scale=broken))} == {
        "upscale_method", "scale_by", "scala", "image",
    }  # fmt: skip


def test_the_items_of_each_are_known_in_its_node_only():
    stack = node("LoraLoaderModelOnly", "Stack", model=["load", 0], **LORA)
    del stack["inputs"]["strength_clip"]
    load = node("UNETLoader", "Load", unet_name="any")
    assert faults(picture(load=load, stack=adapted(stack, each="lora in loras"))) == set()
    assert faults(picture(load=load, stack=stack)) != set()


def test_files_of_the_machine_are_not_judged():
    assert faults(picture(vae=sampler())) == set()


def test_two_nodes_under_one_condition_may_need_each_other():
    mask = adapted(node("SolidMask", value=1.0, width=64, height=64), when="style == 'ink'")
    inverted = adapted(node("InvertMask", mask=["mask", 0]), when="style == 'ink'")
    assert faults(picture(mask=mask, inverted=inverted)) == set()


def test_a_fault_reads_as_a_sentence():
    fault = Fault("sd15", "Sampler", "stepz", "KSampler has no such input; did you mean steps?")
    assert str(fault) == (
        'template sd15, node "Sampler", input stepz: '
        "KSampler has no such input; did you mean steps?"
    )


@pytest.mark.parametrize("release", ["0.3.75", "0.3.76-dev", "v0.4.0", "1.0"])
def test_a_release_that_is_new_enough_will_do(release):
    graph = picture(scale=adapted(scale(), comfyui="0.3.75"))
    assert audit(template(graph), packaged_schemas(), release) == ()


@pytest.mark.parametrize(
    ("release", "there"),
    [("0.3.9", "0.3.9"), ("0.3.64", "0.3.64"), ("", "one too old to tell its release")],
)
def test_an_older_release_is_told(release, there):
    graph = picture(scale=adapted(scale(), comfyui="0.3.75"))
    [fault] = audit(template(graph), packaged_schemas(), release)
    assert fault.message == f"needs ComfyUI 0.3.75 or newer, not {there}"


@pytest.mark.parametrize("release", ["newest", 3, ["0.3.75"], ""])
def test_what_is_no_release_is_told(release):
    [fault] = audit(template(picture(scale=adapted(scale(), comfyui=release))), packaged_schemas())
    assert (fault.input, fault.message) == ("comfyui", "is a release of ComfyUI, such as 0.3.75")
