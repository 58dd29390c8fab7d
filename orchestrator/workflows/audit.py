"""Everything that is wrong with a template, found before it is served.

ComfyUI itself drops an input that a node does not declare without a word, so every class, input,
link and value is held against the schemas of the nodes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from orchestrator.models import Graph, Template
from orchestrator.workflows.bindings import LARGE, PICTURED, SAMPLE, SPARSE
from orchestrator.workflows.build import OUTPUT_CLASS
from orchestrator.workflows.expressions import ExpressionFault
from orchestrator.workflows.faults import Fault, title
from orchestrator.workflows.finish import FINISH_CLASS
from orchestrator.workflows.links import Link, Node, feeds, link_of, links, severed, upstream
from orchestrator.workflows.releases import KEY, UNTOLD, is_release, order, required
from orchestrator.workflows.render import (
    UNBRIDGED,
    UNCHAINABLE,
    Values,
    has_clause,
    input_value,
    is_wanted,
    item_scopes,
    malformed,
)
from orchestrator.workflows.schemas import InputSchema, NodeSchema, Schemas, fits
from orchestrator.workflows.snapshots import origin
from orchestrator.workflows.values import mismatch

SAMPLES: tuple[Values, ...] = tuple(
    bindings.names() for bindings in (SAMPLE, SPARSE, PICTURED, LARGE)
)


def audit(template: Template, schemas: Schemas, release: str = UNTOLD) -> tuple[Fault, ...]:
    """All faults at once; none means that the template builds and that a ComfyUI of that release
    accepts it, but for the files and values that only a request names."""
    shape = tuple(malformed(template))
    if shape:
        return shape
    review = _Audit(template, schemas)
    return (*review.outputs(), *review.releases(release), *audit_nodes(template, schemas))


def audit_nodes(template: Template, schemas: Schemas) -> tuple[Fault, ...]:
    """The faults of well-formed nodes and of their links, wherever the graph ends."""
    review = _Audit(template, schemas)
    found = (*review.nodes(), *review.cycles(), *review.bypasses())
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Audit:
    template: Template
    schemas: Schemas

    @property
    def graph(self) -> Graph:
        return self.template.graph

    def at(self, node_id: str, name: str, message: str) -> Fault:
        return Fault(self.template.name, title(node_id, self.graph[node_id]), name, message)

    def outputs(self) -> Iterator[Fault]:
        """One `Imgen Output`, always there; the finishing chain is the builder's to append."""
        found = [n for n, node in self.graph.items() if node["class_type"] == OUTPUT_CLASS]
        if not found:
            yield Fault(self.template.name, "", "", "has no Imgen Output node")
        for node_id in found[1:]:
            yield self.at(node_id, "", "is a second Imgen Output; a template has exactly one")
        for node_id in found:
            for key in ("when", "each"):
                if has_clause(self.graph[node_id], key):
                    yield self.at(node_id, key, "an Imgen Output is never bypassed or repeated")
        for node_id, node in self.graph.items():
            if node["class_type"] == FINISH_CLASS:
                yield self.at(node_id, "", "is appended by the service; end in Imgen Output")

    def releases(self, release: str) -> Iterator[Fault]:
        for node_id, node in self.graph.items():
            needed = required(node)
            if needed is None:
                continue
            if not is_release(needed):
                yield self.at(node_id, KEY, "is a release of ComfyUI, such as 0.3.75")
            elif order(release) < order(needed):
                there = release or "one too old to tell its release"
                yield self.at(node_id, "", f"needs ComfyUI {needed} or newer, not {there}")

    def nodes(self) -> Iterator[Fault]:
        for node_id, node in self.graph.items():
            yield from self._adaptation(node_id, node)
            schema = self.schemas.get(node["class_type"])
            if schema is None:
                yield self.at(node_id, "", _absent(node["class_type"]))
                continue
            yield from self._names(node_id, node, schema)
            yield from self._values(node_id, node, schema)

    def _names(self, node_id: str, node: Node, schema: NodeSchema) -> Iterator[Fault]:
        for name in node["inputs"]:
            if schema.input(name) is None:
                near = get_close_matches(name, schema.inputs, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield self.at(node_id, name, f"{node['class_type']} has no such input{hint}")
        given = {name.partition(".")[0] for name in node["inputs"]}
        for name, declared in schema.inputs.items():
            if declared.required and name not in given:
                yield self.at(node_id, name, "is required and not given")

    def _adaptation(self, node_id: str, node: Node) -> Iterator[Fault]:
        """`when` and `each` mean something, for whatever is asked."""
        for values in SAMPLES:
            for key, judge in (("when", is_wanted), ("each", item_scopes)):
                try:
                    judge(node, values)
                except ExpressionFault as fault:
                    yield self.at(node_id, key, str(fault))
        if has_clause(node, "each") and not feeds(node, self.schemas):
            yield self.at(node_id, "each", UNCHAINABLE)

    def _values(self, node_id: str, node: Node, schema: NodeSchema) -> Iterator[Fault]:
        scopes = list(self._scopes(node))
        for name, value in node["inputs"].items():
            declared = schema.input(name)
            if declared is None:
                continue
            link = link_of(value)
            if link is not None:
                messages = [self._link(link, declared)]
            else:
                messages = [self._value(value, declared, values) for values in scopes]
            yield from (self.at(node_id, name, message) for message in messages if message)

    def _scopes(self, node: Node) -> Iterator[Values]:
        """What may be bound while the node's inputs are rendered."""
        try:
            wanted = [values for values in SAMPLES if is_wanted(node, values)]
            for values in wanted or SAMPLES[:1]:
                yield from item_scopes(node, values)
        except ExpressionFault:  # told by _adaptation
            return

    def _value(self, value: Any, declared: InputSchema, values: Values) -> str:
        try:
            rendered = input_value(value, values)
        except ExpressionFault as fault:
            return str(fault)
        return mismatch(rendered, declared, linkable=declared.type in self._linkable)

    @cached_property
    def _linkable(self) -> frozenset[str]:
        return frozenset(output for s in self.schemas.values() for output in s.outputs) - {"*"}

    def _link(self, link: Link, declared: InputSchema) -> str:
        source, slot = link
        if source not in self.graph:
            return f"links to node {source}, which is not there"
        schema = self.schemas.get(self.graph[source]["class_type"])
        if schema is None:
            return ""  # told of the source
        label = title(source, self.graph[source])
        if not 0 <= slot < len(schema.outputs):
            return f'links to output {slot} of "{label}", which has {len(schema.outputs)}'
        if not fits(schema.outputs[slot], declared.type):
            return f'takes {declared.type}, and "{label}" gives {schema.outputs[slot]}'
        return ""

    def cycles(self) -> Iterator[Fault]:
        for node_id, node in self.graph.items():
            sources = {source for source, _ in links(node).values()}
            if any(node_id in upstream(self.graph, source) for source in sources):
                yield self.at(node_id, "", "takes part in a cycle")

    def bypasses(self) -> Iterator[Fault]:
        """Nothing required is left without a source, whichever nodes are bypassed. A node with a
        condition of its own is taken to go together with what it needs."""
        for node_id, node in self.graph.items():
            if _is_adaptive(node):
                for fed, name in severed(self.graph, off={node_id}, schemas=self.schemas):
                    if not _is_adaptive(self.graph[fed]):
                        yield self.at(fed, name, UNBRIDGED)
        for values in SAMPLES:
            off = {n for n, node in self.graph.items() if not self._is_there(node, values)}
            for fed, name in severed(self.graph, off=off, schemas=self.schemas):
                yield self.at(fed, name, UNBRIDGED)

    def _is_there(self, node: Node, values: Values) -> bool:
        try:
            return is_wanted(node, values) and bool(item_scopes(node, values))
        except ExpressionFault:  # told by _adaptation
            return True


def _absent(class_name: str) -> str:
    source = origin(class_name)
    return f"class {class_name} is not installed" + (f": it needs {source}" if source else "")


def _is_adaptive(node: Node) -> bool:
    return has_clause(node, "when", "each")
