"""Says in words what ComfyUI holds against a graph, naming nodes by their titles."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.comfy.events import NodeFailed
from orchestrator.models import Graph

MOST_FAULTS = 10  # named in one message
LONGEST = 300  # characters of one fault


def title(graph: Graph, node: str) -> str:
    """What the artist called the node."""
    found = graph.get(node, {})
    meta = found.get("_meta") or {}
    return str(meta.get("title") or found.get("class_type") or f"node {node}")


def explain_failure(graph: Graph, failure: NodeFailed) -> str:
    return f'"{title(graph, failure.node)}" failed: {failure.reason[:LONGEST]}'


def explain_refusal(graph: Graph, answer: Mapping[str, Any]) -> str:
    """The answer to a graph that was refused, or of which some outputs were left out."""
    faults = list(_node_faults(graph, answer.get("node_errors")))
    return "; ".join(faults[:MOST_FAULTS]) or _general_fault(graph, answer.get("error"))


def _node_faults(graph: Graph, node_errors: object) -> Iterator[str]:
    if not isinstance(node_errors, dict):  # some versions answer with an empty list
        return
    for node, found in node_errors.items():
        for error in found.get("errors", ()):
            yield f'"{title(graph, node)}"{_input_fault(error)}'[:LONGEST]


def _input_fault(error: Mapping[str, Any]) -> str:
    name = (error.get("extra_info") or {}).get("input_name")
    details = str(error.get("details") or "")
    where = f", input {name}" if name else ""
    why = f" ({details})" if details and details != name else ""
    return f"{where}: {error.get('message')}{why}"


def _general_fault(graph: Graph, error: object) -> str:
    if not isinstance(error, dict):
        return f"ComfyUI refused the graph: {error}"[:LONGEST]
    details = str(error.get("details") or "")
    node = re.fullmatch(r"Node ID '#(.+)'", details)
    where = f'"{title(graph, node[1])}"' if node else "The graph"
    why = f" ({details})" if details and not node else ""
    return f"{where}: {error.get('message')}{why}"[:LONGEST]
