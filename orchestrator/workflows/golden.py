"""Golden graphs: what every template gives for the sample requests, committed and compared."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.models import Template
from orchestrator.workflows.bindings import PICTURED, SAMPLE
from orchestrator.workflows.build import build, pictures_of
from orchestrator.workflows.finish import Finish

SAMPLE_FINISH = Finish(payload="0123456789abcdef01234567")


def goldens(template: Template) -> Mapping[str, str]:
    """By file name; those with pictures only of a template that draws from them."""
    graph = build(template, SAMPLE, finish=SAMPLE_FINISH)
    pictured = build(template, PICTURED, finish=SAMPLE_FINISH)
    graphs = {f"{template.name}.json": graph}
    if pictures_of(pictured):
        graphs[f"{template.name}.pictured.json"] = pictured
    return {
        name: json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        for name, found in graphs.items()
    }


def rewrite_goldens(templates: Iterable[Template], folder: Path) -> list[Path]:
    """Make the folder hold the golden graphs of these templates only. Returns what changed."""
    found = (goldens(template) for template in templates)
    wanted = {folder / name: text for graphs in found for name, text in graphs.items()}
    present = {path: path.read_text("utf-8") for path in folder.glob("*.json")}
    folder.mkdir(parents=True, exist_ok=True)
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return sorted(p for p in present.keys() | wanted.keys() if present.get(p) != wanted.get(p))
