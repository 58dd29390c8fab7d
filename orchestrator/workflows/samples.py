"""A template as a person edits it: sample values in its holes, and no two nodes of one title."""

from collections import Counter
from typing import Any

from orchestrator.models import Template
from orchestrator.workflows.bindings import SAMPLE
from orchestrator.workflows.expressions import ExpressionFault
from orchestrator.workflows.faults import title
from orchestrator.workflows.links import Node, link_of
from orchestrator.workflows.render import input_value, item_scopes


def sample_inputs(template: Template) -> dict[str, dict[str, Any]]:
    """By node id and input: what its expressions give for the sample; faulty ones are left out."""
    return {node_id: _sample(node) for node_id, node in template.graph.items()}


def _sample(node: Node) -> dict[str, Any]:
    values = SAMPLE.names()
    inputs = node.get("inputs")
    shown: dict[str, Any] = {}
    for name, value in inputs.items() if isinstance(inputs, dict) else ():
        try:
            scope = next(iter(item_scopes(node, values)), values)
            rendered = input_value(value, scope) if link_of(value) is None else value
        except ExpressionFault:  # told by the audit
            continue
        if rendered != value:
            shown[name] = rendered
    return shown


def distinctly_titled(template: Template) -> tuple[Template, dict[str, str]]:
    """The same with the id in titles that several nodes share, and the ids by title."""
    labels = {node_id: title(node_id, node) for node_id, node in template.graph.items()}
    counts = Counter(labels.values())
    distinct = {
        node_id: label if counts[label] == 1 else f"{label} #{node_id}"
        for node_id, label in labels.items()
    }
    graph = {node_id: _titled(node, distinct[node_id]) for node_id, node in template.graph.items()}
    return template.evolve(graph=graph), {label: node_id for node_id, label in distinct.items()}


def _titled(node: dict[str, Any], label: str) -> dict[str, Any]:
    meta = node.get("_meta", {})
    return node | {"_meta": {**meta, "title": label}} if isinstance(meta, dict) else node
