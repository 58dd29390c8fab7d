"""Graphs adapt: `when` bypasses as ComfyUI does, `each` repeats, and faults name their place."""

import pytest
from workflow_samples import FINISH, adapted, named, node, picture, template

from orchestrator.errors import TemplateFault
from orchestrator.models import LoraUse
from orchestrator.workflows import SAMPLE, build

LORAS = tuple(LoraUse(file=f"{n}.safetensors", weight=n / 4) for n in (1, 2, 3))


def built(graph, bindings=SAMPLE):
    return build(template(graph), bindings, finish=FINISH)


def scale(**clauses):
    return adapted(picture()["scale"], **clauses)


def test_a_node_whose_condition_is_false_is_bypassed():
    graph = built(picture(scale=scale(when="width < 1000")))
    assert set(graph) == {"paper", "out"}
    assert graph["out"]["inputs"]["image"] == ["paper", 0]


def test_a_node_whose_condition_is_true_stays():
    graph = built(picture(scale=scale(when="width > 1000")))
    assert graph["out"]["inputs"]["image"] == ["scale", 0]


def test_a_chain_of_bypassed_nodes_is_bypassed_whole():
    flip = node("ImageInvert", image=["scale", 0])
    out = node("ImgenOutput", image=["flip", 0])
    graph = built(picture(scale=scale(when="false"), flip=adapted(flip, when="not loras"), out=out))
    assert graph["out"]["inputs"]["image"] == ["paper", 0]


def test_a_bypass_prefers_the_input_at_the_same_place():
    """ImageBatch takes two pictures: the first stands where its output stands."""
    both = node("ImageBatch", image1=["paper", 0], image2=["scale", 0])
    out = node("ImgenOutput", image=["both", 0])
    graph = built(picture(both=adapted(both, when="false"), out=out))
    assert graph["out"]["inputs"]["image"] == ["paper", 0]


def test_a_bypass_takes_the_first_input_of_the_same_type_elsewhere():
    """KSampler gives a LATENT first, and takes one fourth, behind model and conditionings."""
    sd15 = named("sd15")
    sampler = adapted(sd15.graph["6"], when="false")
    graph = build(sd15.evolve(graph={**sd15.graph, "6": sampler}), SAMPLE, finish=FINISH)
    assert graph["14"]["inputs"]["samples"] == ["13", 0]


def test_an_optional_input_whose_source_is_bypassed_stays_empty():
    mask = adapted(node("SolidMask", value=1.0, width=64, height=64), when="false")
    composite = node(
        "ImageCompositeMasked",
        destination=["scale", 0], source=["paper", 0], x=0, y=0, resize_source=False,
        mask=["mask", 0],
    )  # fmt: skip
    out = node("ImgenOutput", image=["composite", 0])
    graph = built(picture(mask=mask, composite=composite, out=out))
    assert "mask" not in graph["composite"]["inputs"]


def test_a_required_input_whose_source_is_bypassed_is_a_fault():
    paper = adapted(picture()["paper"], when="false")
    with pytest.raises(TemplateFault, match='template hand, node "Scale", input image'):
        built(picture(paper=paper))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_makes_a_stack_in_order(count):
    graph = build(named("sd15"), SAMPLE.evolve(loras=LORAS[:count]), finish=FINISH)
    model, chain = graph["6"]["inputs"]["model"], []
    while model[0] != "1":
        inputs = graph[model[0]]["inputs"]
        chain.insert(0, (inputs["lora_name"], inputs["strength_model"]))
        assert inputs["clip"] == [inputs["model"][0], 1]
        model = inputs["model"]
    assert model == ["1", 0]
    assert chain == [(lora.file, lora.weight) for lora in LORAS[:count]]


def test_both_prompts_hang_on_the_last_of_the_stack():
    graph = build(named("sd15"), SAMPLE.evolve(loras=LORAS), finish=FINISH)
    assert graph["3"]["inputs"]["clip"] == graph["4"]["inputs"]["clip"] == ["2:3", 1]


def test_without_loras_the_stack_is_bypassed():
    graph = build(named("sd15"), SAMPLE.evolve(loras=()), finish=FINISH)
    assert graph["6"]["inputs"]["model"] == ["1", 0]
    assert graph["3"]["inputs"]["clip"] == ["1", 1]


def test_each_may_go_over_any_list_and_when_comes_first():
    repeated = scale(each="factor in [2, 3]")
    repeated["inputs"]["scale_by"] = "{{ factor }}"
    graph = built(picture(scale=repeated))
    assert [graph[n]["inputs"]["scale_by"] for n in ("scale:1", "scale:2")] == [2, 3]
    repeated["_meta"]["when"] = "false"
    assert set(built(picture(scale=repeated))) == {"paper", "out"}


def test_copies_carry_numbered_titles():
    graph = built(picture(scale=scale(each="n in [1, 2]")))
    assert [n["_meta"]["title"] for n in graph.values()][1:3] == ["Scale 1", "Scale 2"]


def test_a_list_beyond_the_bound_is_refused():
    items = ", ".join("1" * 60)
    with pytest.raises(TemplateFault, match="more than 1000 nodes"):
        built(picture(**{f"n{i}": scale(each=f"n in [{items}]") for i in range(20)}))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"scale_by": "{{ factr }}"}, 'node "Scale", input scale_by: unknown name factr'),
        ({"upscale_method": "{{ [style, 0] }}"}, 'node "Scale", input upscale_method: .* link'),
        ({"image": ["gone", 0]}, 'node "Scale", input image: links to node gone'),
    ],
)
def test_a_fault_names_template_node_and_input(changes, place):
    broken = picture()["scale"]
    broken["inputs"] |= changes
    with pytest.raises(TemplateFault, match=f"template hand, {place}"):
        built(picture(scale=broken))


def test_a_list_is_rendered_leaf_by_leaf_and_numbers_are_left_alone():
    broken = picture()["scale"]
    broken["inputs"]["scale_by"] = {"__value__": ["{{ width }}", "{{ style }}!", 1.5, None]}
    graph = built(picture(scale=broken))
    assert graph["scale"]["inputs"]["scale_by"] == {"__value__": [1344, "photo!", 1.5, None]}
