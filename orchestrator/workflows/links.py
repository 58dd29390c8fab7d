"""Links between nodes, and where they lead when a node is bypassed or repeated."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from orchestrator.models import Graph
from orchestrator.workflows.schemas import Schemas, fits

Link = tuple[str, int]  # node id, output index
Node = Mapping[str, Any]


def link_of(value: Any) -> Link | None:
    """The link that an input's value is, if it is one."""
    match value:
        case [str(node_id), int(slot)] if not isinstance(slot, bool):
            return node_id, slot
    return None


def links(node: Node) -> dict[str, Link]:
    """By input."""
    found = {name: link_of(value) for name, value in node["inputs"].items()}
    return {name: link for name, link in found.items() if link is not None}


def upstream(graph: Graph, node_id: str) -> set[str]:
    """The node and all that it needs."""
    needed: set[str] = set()
    pending = [node_id]
    while pending:
        current = pending.pop()
        if current in graph and current not in needed:
            needed.add(current)
            pending.extend(source for source, _ in links(graph[current]).values())
    return needed


def counterpart(node: Node, slot: int, schemas: Schemas) -> str | None:
    """The input that a bypass wires through to the output, found as ComfyUI finds it: the input
    at the same place if its type fits, else the first that does."""
    schema = schemas.get(node["class_type"])
    if schema is None or not 0 <= slot < len(schema.outputs):
        return None
    linked = links(node)
    sockets = [name for name, i in schema.inputs.items() if i.is_socket or name in linked]
    ordered = sockets[slot : slot + 1] + sockets
    wanted = schema.outputs[slot]
    return next((name for name in ordered if fits(schema.inputs[name].type, wanted)), None)


def feeds(node: Node, schemas: Schemas) -> dict[str, int]:
    """How copies of the node are chained: inputs, each with the output of its type."""
    schema = schemas.get(node["class_type"])
    slots = range(len(schema.outputs)) if schema else range(0)
    chained: dict[str, int] = {}
    for slot in slots:
        name = counterpart(node, slot, schemas)
        if name is not None:
            chained.setdefault(name, slot)
    return chained


def outlet(link: Link, graph: Graph, *, off: Set[str], schemas: Schemas) -> Link | None:
    """Where the link comes from once the nodes that are off are bypassed."""
    passed: set[str] = set()
    current: Link | None = link
    while current is not None and current[0] in off and current[0] not in passed:
        node = graph[current[0]]
        passed.add(current[0])
        through = counterpart(node, current[1], schemas)
        current = links(node).get(through) if through else None
    return None if current is None or current[0] in off else current


def severed(graph: Graph, *, off: Set[str], schemas: Schemas) -> Iterator[tuple[str, str]]:
    """The required inputs (node id, input) that nothing feeds once these nodes are bypassed."""
    for node_id, node in graph.items():
        if node_id in off:
            continue
        for name, link in links(node).items():
            lost = outlet(link, graph, off=off, schemas=schemas) is None
            if lost and is_required(node, name, schemas):
                yield node_id, name


def is_required(node: Node, name: str, schemas: Schemas) -> bool:
    schema = schemas.get(node["class_type"])
    declared = schema.inputs.get(name) if schema else None
    return declared is None or declared.required
