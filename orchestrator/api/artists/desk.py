"""Templates as the artists' page sees them: opened with sample values, audited, published."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import from_json

from orchestrator.edge_ports import Published
from orchestrator.errors import InvalidJson, NotFound
from orchestrator.models import Shelf, Template, Version
from orchestrator.workflows import Fault, distinctly_titled, origin, sample_inputs


class Offer(Protocol):
    def shelf(self) -> Shelf: ...


class Files(Published, Protocol):
    async def current(self, path: str) -> str | None:
        """What the workflows folder has there now; None: nothing. Raises InvalidField."""


class Auditor(Protocol):
    def faults(self, template: Template) -> Sequence[Fault]:
        """Against the nodes of the ComfyUI that runs. Blocks."""


def path_of(name: str) -> str:
    return f"templates/{name}.json"


@dataclass(frozen=True)
class Desk:
    offer: Offer
    auditor: Auditor
    published: Files

    async def templates(self) -> list[dict[str, Any]]:
        return [await self._line(t) for t in self.offer.shelf().templates.values()]

    async def open(self, name: str) -> dict[str, Any]:
        """Raises NotFound."""
        text = await self.published.current(path_of(name))
        if text is None:
            raise NotFound(f"There is no template {name}")
        return self.shown(name, text)

    def shown(self, name: str, text: str) -> dict[str, Any]:
        """A template's text and what its expressions give for the sample. Raises InvalidJson."""
        template = parsed(name, text)
        return {
            "name": name,
            "text": text,
            "digest": template.digest,
            "samples": sample_inputs(template),
            "origins": _origins(template),
        }

    async def faults(self, name: str, text: str) -> list[dict[str, str]]:
        """With the ids of the nodes. Raises InvalidJson."""
        template, ids = distinctly_titled(parsed(name, text))
        found = await asyncio.to_thread(self.auditor.faults, template)
        return [_told(fault, ids) for fault in found]

    async def publish(self, name: str, text: str, *, author: str, replaces: str) -> Version:
        """See `edge_ports.Published`."""
        return await self.published.publish(path_of(name), text, author=author, replaces=replaces)

    async def history(self, name: str) -> list[dict[str, Any]]:
        versions = await self.published.history(path_of(name))
        return [version.model_dump(mode="json") for version in versions]

    async def version(self, name: str, number: int) -> dict[str, Any]:
        """Raises NotFound."""
        text = await self.published.content(path_of(name), number)
        if text is None:
            raise NotFound(f"Version {number} deletes {name}")
        return self.shown(name, text)

    async def _line(self, template: Template) -> dict[str, Any]:
        newest = next(iter(await self.published.history(path_of(template.name))), None)
        faults = await asyncio.to_thread(self.auditor.faults, template)
        return {
            "name": template.name,
            "digest": template.digest,
            "version": newest.number if newest else 0,
            "faults": [str(fault) for fault in faults],
        }


def parsed(name: str, text: str) -> Template:
    """Raises InvalidJson."""
    try:
        source = text.encode()
        graph = from_json(source)
    except ValueError:
        raise InvalidJson from None
    if not _is_graph(graph):
        raise InvalidJson("Not a graph of ComfyUI's API format")
    return Template(name=name, graph=graph, digest=hashlib.sha256(source).hexdigest())


def _is_graph(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(node, dict) for node in value.values())


def _origins(template: Template) -> dict[str, str]:
    """By class, where an instance gets a node from that it lacks."""
    classes = {str(node.get("class_type")) for node in template.graph.values()}
    return {name: found for name in sorted(classes) if (found := origin(name))}


def _told(fault: Fault, ids: Mapping[str, str]) -> dict[str, str]:
    return {
        "node": ids.get(fault.node, ""),
        "title": fault.node,
        "input": fault.input,
        "message": fault.message,
    }
