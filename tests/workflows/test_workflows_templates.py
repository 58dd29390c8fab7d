"""Every shipped template is sound, and gives what its golden graphs say."""

import pytest
from workflow_samples import FAMILIES, GOLDEN, named, shipped

from orchestrator.errors import TemplateFault
from orchestrator.workflows import SAMPLE, build, fit, goldens, known_schemas, pictures_of
from orchestrator.workflows.audit import audit_nodes
from orchestrator.workflows.bindings import LARGE, PICTURED, SPARSE
from orchestrator.workflows.golden import SAMPLE_FINISH

REQUESTS = {
    "sample": SAMPLE,
    "sparse": SPARSE,
    "pictured": PICTURED,
    "image to image": PICTURED.evolve(mask_image=""),
    "large": LARGE,
    "small": SAMPLE.evolve(width=64, height=64),
}
every_template = pytest.mark.parametrize("template", shipped(), ids=lambda t: t.name)
every_drawing = pytest.mark.parametrize("family", FAMILIES)


def built(template, bindings):
    return build(template, bindings, finish=SAMPLE_FINISH)


def classes(graph):
    return [node["class_type"] for node in graph.values()]


@every_template
def test_a_template_runs_on_a_comfyui_that_we_know_of(template):
    assert [str(fault) for fault in fit(template).faults] == []


@every_template
@pytest.mark.parametrize("request_", REQUESTS)
def test_comfyui_takes_what_is_built_from_it(template, request_):
    graph = built(template, REQUESTS[request_])
    assert [str(f) for f in audit_nodes(template.evolve(graph=graph), known_schemas())] == []


@every_template
def test_it_gives_its_golden_graphs(template):
    """After a wanted change: make golden."""
    kept = {p.name: p.read_text("utf-8") for p in GOLDEN.iterdir() if _of(p) == template.name}
    assert goldens(template) == kept


def _of(golden):
    return golden.name.partition(".")[0]


def test_every_golden_graph_has_a_template():
    assert {_of(path) for path in GOLDEN.iterdir()} == {template.name for template in shipped()}


@every_template
def test_the_page_can_lay_it_out(template):
    for node in template.graph.values():
        assert node["_meta"].keys() >= {"title", "position", "size"}


@every_template
def test_titles_are_unique(template):
    titles = [node["_meta"]["title"] for node in template.graph.values()]
    assert len(set(titles)) == len(titles)


@every_drawing
def test_every_family_has_a_template(family):
    assert named(family)


@every_drawing
def test_words_alone_need_no_picture(family):
    graph = built(named(family), SAMPLE)
    assert not pictures_of(graph)
    assert "VAEEncode" not in classes(graph)


@every_drawing
def test_an_image_takes_the_place_of_the_empty_canvas(family):
    graph = built(named(family), PICTURED.evolve(mask_image=""))
    assert pictures_of(graph) == {"init_image"}
    assert not [name for name in classes(graph) if name.startswith("Empty")]
    assert graph["6"]["inputs"]["denoise"] == PICTURED.strength


@every_drawing
def test_what_is_outside_the_mask_is_kept(family):
    graph = built(named(family), PICTURED)
    assert pictures_of(graph) == {"init_image", "mask_image"}
    (finish,) = [n for n in graph.values() if n["class_type"] == "ImgenFinish"]
    kept = graph[finish["inputs"]["image"][0]]
    assert kept["class_type"] == "ImageCompositeMasked"
    assert kept["inputs"]["source"] == ["9", 0]


@every_drawing
def test_a_large_picture_is_drawn_in_two_passes(family):
    graph = built(named(family), LARGE)
    canvas, enlarged = graph["5"]["inputs"], graph["14"]["inputs"]
    assert canvas["width"] * canvas["height"] < 1_400_000
    assert (enlarged["width"], enlarged["height"]) == (LARGE.width, LARGE.height)
    assert classes(graph).count("KSampler") == 2


@every_drawing
def test_a_small_picture_is_drawn_in_one(family):
    graph = built(named(family), SAMPLE.evolve(width=512, height=512))
    assert (graph["5"]["inputs"]["width"], graph["5"]["inputs"]["height"]) == (512, 512)
    assert classes(graph).count("KSampler") == 1


def test_a_reference_image_is_drawn_from_where_the_template_has_an_ip_adapter():
    assert "reference_image" in pictures_of(built(named("sdxl_ip_adapter"), PICTURED))
    assert "IPAdapter" not in classes(built(named("sdxl_ip_adapter"), SAMPLE))


def test_without_a_schema_of_the_pack_its_nodes_are_not_bypassed_by_guess():
    unknown = {k: v for k, v in known_schemas().items() if not k.startswith("IPAdapter")}
    with pytest.raises(TemplateFault, match=r"IP-Adapter|Sampler"):
        build(named("sdxl_ip_adapter"), SAMPLE, finish=SAMPLE_FINISH, schemas=unknown)
