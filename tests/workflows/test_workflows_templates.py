"""Every shipped template is sound, and gives what its golden graph says."""

import pytest
from workflow_samples import GOLDEN, shipped

from orchestrator.workflows import SAMPLE, audit, golden, packaged_schemas
from orchestrator.workflows.audit import audit_nodes
from orchestrator.workflows.bindings import SPARSE
from orchestrator.workflows.build import build
from orchestrator.workflows.golden import SAMPLE_FINISH

every_template = pytest.mark.parametrize("template", shipped(), ids=lambda t: t.name)


@every_template
def test_a_template_has_no_fault(template):
    assert [str(fault) for fault in audit(template, packaged_schemas())] == []


@every_template
@pytest.mark.parametrize("bindings", [SAMPLE, SPARSE], ids=["sample", "sparse"])
def test_comfyui_takes_what_is_built_from_it(template, bindings):
    graph = build(template, bindings, finish=SAMPLE_FINISH)
    built = template.evolve(graph=graph)
    assert [str(fault) for fault in audit_nodes(built, packaged_schemas())] == []


@every_template
def test_it_gives_its_golden_graph(template):
    """After a wanted change: make golden."""
    assert golden(template) == (GOLDEN / f"{template.name}.json").read_text("utf-8")


def test_every_golden_graph_has_a_template():
    assert {path.stem for path in GOLDEN.iterdir()} == {template.name for template in shipped()}


@every_template
def test_the_page_can_lay_it_out(template):
    for node in template.graph.values():
        assert node["_meta"].keys() >= {"title", "position", "size"}


@every_template
def test_titles_are_unique(template):
    titles = [node["_meta"]["title"] for node in template.graph.values()]
    assert len(set(titles)) == len(titles)
