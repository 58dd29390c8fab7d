"""Templates for tests: the shipped ones, and small ones made by hand."""

import copy
from pathlib import Path
from typing import Any

from orchestrator.catalog.formats import read_template
from orchestrator.models import Template
from orchestrator.workflows import Finish

HOME = Path(__file__).resolve().parents[2]
GOLDEN = HOME / "tests" / "workflows" / "golden"
FAMILIES = tuple(sorted(p.stem for p in (HOME / "workflows" / "families").glob("*.yaml")))
FINISH = Finish(payload="00112233445566778899aabb")


def shipped() -> list[Template]:
    paths = sorted((HOME / "workflows" / "templates").glob("*.json"))
    return [read_template(path.stem, path.read_bytes()) for path in paths]


def named(name: str) -> Template:
    return next(template for template in shipped() if template.name == name)


def template(graph: dict[str, Any]) -> Template:
    return Template(name="hand", graph=copy.deepcopy(graph), digest="")


def node(class_type: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title or class_type}}


def adapted(node: dict[str, Any], **clauses: Any) -> dict[str, Any]:
    """The node with `when` or `each`."""
    return {**node, "_meta": {**node["_meta"], **clauses}}


def picture(**changes: Any) -> dict[str, Any]:
    """An empty picture, scaled, put out; some nodes replaced, added or (None) removed."""
    graph = {
        "paper": node("EmptyImage", "Paper", width=64, height=64, batch_size=1, color=0),
        "scale": node(
            "ImageScaleBy", "Scale", image=["paper", 0], upscale_method="area", scale_by=2.0
        ),
        "out": node("ImgenOutput", "Output", image=["scale", 0]),
    }
    return {key: value for key, value in {**graph, **changes}.items() if value is not None}
