"""Every graph ends in the finishing chain, and what a caller wrote arrives verbatim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workflow_samples import FINISH, adapted, named, node, picture, template

from orchestrator.errors import TemplateFault
from orchestrator.models import Brand, Format, Output, Position
from orchestrator.workflows import SAMPLE, Finish, build, is_procedural

HOSTILE = st.sampled_from(
    ["{{ 7*7 }}", "{% for x in y %}", "{#", "}}", '"', "\\", "\n", '", "seed": 0, "x": "', "\u2028"]
)
PROMPTS = st.lists(HOSTILE | st.text(max_size=20), max_size=12).map("".join)


def shape(graph):
    """The graph without its texts."""
    return {
        node_id: (
            n["class_type"],
            {k: v for k, v in n["inputs"].items() if k != "text"},
            n["_meta"],
        )
        for node_id, n in graph.items()
    }


@given(positive=PROMPTS, negative=PROMPTS)
def test_a_prompt_arrives_verbatim_and_changes_nothing_else(positive, negative):
    bindings = SAMPLE.evolve(positive=positive, negative=negative)
    graph = build(named("sd15"), bindings, finish=FINISH)
    assert [graph[n]["inputs"]["text"] for n in ("3", "4")] == [positive, negative]
    assert shape(graph) == shape(build(named("sd15"), SAMPLE, finish=FINISH))


def test_a_prompt_within_a_longer_text_is_not_rendered_again():
    graph = picture()
    graph["scale"]["inputs"]["upscale_method"] = "a {{ positive }} b"
    built = build(template(graph), SAMPLE.evolve(positive="{{ seed }}"), finish=FINISH)
    assert built["scale"]["inputs"]["upscale_method"] == "a {{ seed }} b"


def test_the_output_becomes_the_finishing_node_under_the_same_id():
    brand = Brand(image="aWNvbg==", position=Position.TOP_LEFT, scale=7, opacity=50, rotation=-9)
    output = Output(format=Format.WEBP, quality=80, lossless=True)
    finish = Finish(payload=FINISH.payload, output=output, brand=brand)
    assert build(template(picture()), SAMPLE, finish=finish)["out"] == {
        "class_type": "ImgenFinish",
        "inputs": {
            "image": ["scale", 0],
            "delivery": "",
            "payload": "00112233445566778899aabb",
            "mark": "aWNvbg==",
            "position": "top-left",
            "scale": 7,
            "opacity": 50,
            "rotation": -9,
            "padding_x": 10,
            "padding_y": 10,
            "format": "webp",
            "quality": 80,
            "lossless": True,
        },
        "_meta": {"title": "Brand, watermark, fingerprint, encode"},
    }


def test_only_what_the_output_needs_is_submitted():
    save = node("SaveImage", images=["scale", 0], filename_prefix="leak")
    assert set(build(template(picture(save=save)), SAMPLE, finish=FINISH)) == set(picture())


def test_of_the_notes_for_the_page_only_titles_are_submitted():
    graph = build(named("sd15"), SAMPLE, finish=FINISH)
    assert all(set(n["_meta"]) == {"title"} for n in graph.values())


def test_building_leaves_the_template_as_it_was():
    original = named("sd15")
    build(original, SAMPLE, finish=FINISH)
    assert original == named("sd15")


@pytest.mark.parametrize(
    "graph",
    [
        picture(out=None),
        picture(other=node("ImgenOutput", image=["paper", 0])),
        picture(out=adapted(picture()["out"], when="false")),
        picture(out=adapted(picture()["out"], each="n in [1, 2]")),
        picture(out=node("ImgenOutput")),
        picture(out=node("ImgenOutput", image="{{ positive }}")),
        picture(scale={"class_type": "ImageScaleBy"}),
    ],
    ids=["none", "two", "bypassed", "repeated", "unlinked", "a text", "malformed"],
)
def test_without_exactly_one_fed_output_nothing_is_built(graph):
    with pytest.raises(TemplateFault, match="template hand"):
        build(template(graph), SAMPLE, finish=FINISH)


@pytest.mark.parametrize("payload", ["", "0" * 23, "0" * 25, "G" * 24])
def test_a_payload_is_96_bits(payload):
    with pytest.raises(ValueError, match="payload"):
        Finish(payload=payload)


def test_only_mathematics_is_procedural():
    assert is_procedural(named("demo").graph)
    assert is_procedural(build(named("demo"), SAMPLE, finish=FINISH))
    assert not is_procedural(named("sd15").graph)
    assert not is_procedural({"1": node("ImgenLearnedUpscaler")})
