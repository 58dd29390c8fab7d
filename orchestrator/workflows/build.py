"""From a template and values to the graph that is submitted."""

from orchestrator.models import Graph, Template
from orchestrator.workflows.bindings import Bindings
from orchestrator.workflows.faults import Fault, title
from orchestrator.workflows.finish import FINISH_CLASS, Finish, finish_node
from orchestrator.workflows.links import links, upstream
from orchestrator.workflows.render import render
from orchestrator.workflows.schemas import Schemas
from orchestrator.workflows.snapshots import known_schemas

OUTPUT_CLASS = "ImgenOutput"
INPUTS = frozenset({"ImgenInputImage", "ImgenInputMask"})
PROCEDURAL = frozenset(  # our own nodes: mathematics, nothing learned
    {
        *(OUTPUT_CLASS, FINISH_CLASS, "ImgenDemoPainter"),
        *("ImgenBrand", "ImgenWatermark", "ImgenFingerprint"),
    }
)


def build(
    template: Template, bindings: Bindings, *, finish: Finish, schemas: Schemas | None = None
) -> Graph:
    """The graph of one request: only what the output needs, and never without the marks.

    `schemas` say how nodes are bypassed; by default those of all nodes that we know of.
    Raises TemplateFault.
    """
    needed, output = _needed(template, bindings, schemas)
    end = needed.pop(output)
    return {**needed, output: finish_node(end["inputs"]["image"], finish)}


def build_draft(template: Template, bindings: Bindings) -> Graph:
    """The same up to `Imgen Output`, which shows drafts: there is no mark in it, and no delivery.
    Raises TemplateFault."""
    return _needed(template, bindings, None)[0]


def _needed(template: Template, bindings: Bindings, schemas: Schemas | None) -> tuple[Graph, str]:
    """What the output needs and is, and the output's id."""
    graph = render(template, bindings.names(), known_schemas() if schemas is None else schemas)
    output = _output(template, graph)
    if "image" not in links(graph[output]):
        label = title(output, graph[output])
        raise Fault(template.name, label, "image", "needs the link to a picture").error()
    needed = upstream(graph, output) | {output}
    return {node_id: node for node_id, node in graph.items() if node_id in needed}, output


def pictures_of(graph: Graph) -> frozenset[str]:
    """The pictures of the request that a built graph draws from."""
    return frozenset(n["inputs"]["source"] for n in graph.values() if n["class_type"] in INPUTS)


def is_procedural(graph: Graph) -> bool:
    """Whether no learned model takes part."""
    return all(node["class_type"] in PROCEDURAL for node in graph.values())


def _output(template: Template, graph: Graph) -> str:
    outputs = [node_id for node_id, node in graph.items() if node["class_type"] == OUTPUT_CLASS]
    if len(outputs) != 1:
        message = f"needs exactly one Imgen Output that is not bypassed, has {len(outputs)}"
        raise Fault(template.name, "", "", message).error()
    return outputs[0]
