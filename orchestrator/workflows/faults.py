"""What is wrong with a template, and where."""

from dataclasses import dataclass
from typing import Any

from orchestrator.errors import TemplateFault


@dataclass(frozen=True)
class Fault:
    template: str
    node: str  # its title; empty: the template as a whole
    input: str  # empty: the node as a whole
    message: str

    def __str__(self) -> str:
        place = f"template {self.template}"
        if self.node:
            place += f', node "{self.node}"'
        if self.input:
            place += f", input {self.input}"
        return f"{place}: {self.message}"

    def error(self) -> TemplateFault:
        return TemplateFault(str(self))


def title(node_id: str, node: Any) -> str:
    """What a person calls the node: its title, else its class, else its id."""
    named = node if isinstance(node, dict) else {}
    meta = named.get("_meta")
    own = meta.get("title") if isinstance(meta, dict) else None
    return str(own or named.get("class_type") or f"#{node_id}")
