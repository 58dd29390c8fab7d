"""Golden graphs: what every template gives for the sample request, committed and compared."""

import json
from collections.abc import Iterable
from pathlib import Path

from orchestrator.models import Template
from orchestrator.workflows.bindings import SAMPLE
from orchestrator.workflows.build import build
from orchestrator.workflows.finish import Finish

SAMPLE_FINISH = Finish(payload="0123456789abcdef01234567")


def golden(template: Template) -> str:
    graph = build(template, SAMPLE, finish=SAMPLE_FINISH)
    return json.dumps(graph, indent=2, ensure_ascii=False) + "\n"


def rewrite_goldens(templates: Iterable[Template], folder: Path) -> list[Path]:
    """Make the folder hold the golden graphs of these templates only. Returns what changed."""
    wanted = {folder / f"{template.name}.json": golden(template) for template in templates}
    present = {path: path.read_text("utf-8") for path in folder.glob("*.json")}
    folder.mkdir(parents=True, exist_ok=True)
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return sorted(p for p in present.keys() | wanted.keys() if present.get(p) != wanted.get(p))
