"""A template's graph with values in its holes, nodes that are not wanted bypassed, and nodes that
are wanted for each item of a list repeated, each feeding the next."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from orchestrator.models import Graph, Template
from orchestrator.workflows.expressions import (
    ExpressionFault,
    evaluate,
    evaluate_bare,
    holds_jinja,
)
from orchestrator.workflows.faults import Fault, title
from orchestrator.workflows.links import Link, Node, feeds, link_of, outlet, severed
from orchestrator.workflows.schemas import Schemas

MAX_NODES = 1_000  # of a rendered graph
EACH = re.compile(r"\s*([a-z_]\w*)\s+in\s+(.+)", re.DOTALL)  # lora in loras
UNBRIDGED = "nothing feeds it once its source is bypassed"
UNCHAINABLE = "no output of the node can feed an input of the next copy"

Values = Mapping[str, Any]


def render(template: Template, values: Values, schemas: Schemas) -> Graph:
    """Raises TemplateFault."""
    for fault in malformed(template):
        raise fault.error()
    scopes = {node_id: _scopes(template, node_id, values) for node_id in template.graph}
    if sum(map(len, scopes.values())) > MAX_NODES:
        raise Fault(template.name, "", "", f"gives more than {MAX_NODES} nodes").error()
    rendering = _Rendering(template, scopes, schemas)
    for node_id, name in severed(template.graph, off=rendering.off, schemas=schemas):
        raise _fault(template, node_id, name, UNBRIDGED)
    return {
        copy_id: node
        for node_id in template.graph
        for copy_id, node in rendering.copies_of(node_id)
    }


def malformed(template: Template) -> Iterator[Fault]:
    """The nodes that don't have the shape of ComfyUI's API format."""
    for node_id, node in template.graph.items():
        well_formed = (
            isinstance(node.get("class_type"), str)
            and isinstance(node.get("inputs"), dict)
            and isinstance(node.get("_meta", {}), dict)
        )
        if not well_formed:
            message = "is not a node of ComfyUI's API format: class_type, inputs, _meta"
            yield Fault(template.name, title(node_id, node), "", message)


def has_clause(node: Node, *names: str) -> bool:
    """Whether the node adapts to what is asked: by `when`, by `each`."""
    return any(node.get("_meta", {}).get(name) is not None for name in names)


def is_wanted(node: Node, values: Values) -> bool:
    """Raises ExpressionFault."""
    condition = node.get("_meta", {}).get("when")
    return condition is None or bool(evaluate_bare(condition, values))


def item_scopes(node: Node, values: Values) -> list[Values]:
    """What is bound in each copy of the node. Raises ExpressionFault."""
    clause = node.get("_meta", {}).get("each")
    if clause is None:
        return [values]
    name, expression = parse_each(clause)
    if name in values:
        raise ExpressionFault(f"{name} is taken: call the item something else")
    items = evaluate_bare(expression, values)
    if not isinstance(items, list):
        raise ExpressionFault(f"{expression} is not a list")
    return [{**values, name: item} for item in items]


def parse_each(clause: Any) -> tuple[str, str]:
    parts = EACH.fullmatch(clause) if isinstance(clause, str) else None
    if parts is None:
        raise ExpressionFault("has the form: lora in loras")
    return parts[1], parts[2]


def input_value(value: Any, values: Values) -> Any:
    """An input with the Jinja in its string leaves evaluated. Raises ExpressionFault."""
    rendered = _leaves(value, values)
    if link_of(rendered) is not None:
        raise ExpressionFault("gives a list that ComfyUI would take for a link")
    return rendered


def _leaves(value: Any, values: Values) -> Any:
    match value:
        case str():
            return evaluate(value, values) if holds_jinja(value) else value
        case list():
            return [_leaves(item, values) for item in value]
        case dict():
            return {key: _leaves(item, values) for key, item in value.items()}
    return value


def _fault(template: Template, node_id: str, name: str, message: str) -> Exception:
    return Fault(template.name, title(node_id, template.graph[node_id]), name, message).error()


@contextmanager
def _located(template: Template, node_id: str, name: str) -> Iterator[None]:
    try:
        yield
    except ExpressionFault as fault:
        raise _fault(template, node_id, name, str(fault)) from fault


def _scopes(template: Template, node_id: str, values: Values) -> list[Values]:
    """What is bound in each copy of the node; no copies: it is bypassed."""
    node = template.graph[node_id]
    with _located(template, node_id, "when"):
        if not is_wanted(node, values):
            return []
    with _located(template, node_id, "each"):
        return item_scopes(node, values)


@dataclass(frozen=True)
class _Rendering:
    template: Template
    scopes: Mapping[str, list[Values]]  # of each copy, by node id
    schemas: Schemas

    @property
    def off(self) -> frozenset[str]:
        return frozenset(node_id for node_id, copies in self.scopes.items() if not copies)

    def copies_of(self, node_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        node = self.template.graph[node_id]
        repeated = has_clause(node, "each")
        for n, values in enumerate(self.scopes[node_id], 1):
            label = title(node_id, node) + (f" {n}" if repeated else "")
            inputs = self._inputs(node_id, values)
            if n > 1:
                inputs |= self._fed_by(node_id, f"{node_id}:{n - 1}")
            yield (
                f"{node_id}:{n}" if repeated else node_id,
                {"class_type": node["class_type"], "inputs": inputs, "_meta": {"title": label}},
            )

    def _inputs(self, node_id: str, values: Values) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, value in self.template.graph[node_id]["inputs"].items():
            link = link_of(value)
            if link is None:
                with _located(self.template, node_id, name):
                    inputs[name] = input_value(value, values)
            elif source := self._source(node_id, name, link):
                inputs[name] = source
        return inputs

    def _source(self, node_id: str, name: str, link: Link) -> list[Any] | None:
        """None: an optional input whose source is bypassed stays empty, as in ComfyUI."""
        if link[0] not in self.scopes:
            message = f"links to node {link[0]}, which is not there"
            raise _fault(self.template, node_id, name, message)
        found = outlet(link, self.template.graph, off=self.off, schemas=self.schemas)
        if found is None:
            return None
        origin, slot = found
        if has_clause(self.template.graph[origin], "each"):
            origin = f"{origin}:{len(self.scopes[origin])}"
        return [origin, slot]

    def _fed_by(self, node_id: str, previous: str) -> dict[str, list[Any]]:
        """The inputs by which a copy hangs on the one before it."""
        fed = feeds(self.template.graph[node_id], self.schemas)
        if not fed:
            raise _fault(self.template, node_id, "each", UNCHAINABLE)
        return {name: [previous, slot] for name, slot in fed.items()}
