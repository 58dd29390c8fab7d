"""Which of the ComfyUIs that we know of can run a template."""

from dataclasses import dataclass

from orchestrator.models import Template
from orchestrator.workflows.audit import audit
from orchestrator.workflows.faults import Fault
from orchestrator.workflows.releases import UNTOLD, is_release, order, required
from orchestrator.workflows.snapshots import (
    OFFICIAL_VERSION,
    known_schemas,
    official_schemas,
    packaged_schemas,
    packs_of,
)


@dataclass(frozen=True)
class Fit:
    place: str  # the first where the template runs; empty: nowhere that we know of
    faults: tuple[Fault, ...] = ()  # against the place where there are fewest


def fit(template: Template) -> Fit:
    official = f"ComfyUI {OFFICIAL_VERSION}"
    places = {
        "the packaged ComfyUI": (packaged_schemas(), UNTOLD),
        official: (official_schemas(), OFFICIAL_VERSION),
    }
    if packs := ", ".join(packs_of(template.graph)):
        places[f"{official} with {packs}"] = known_schemas(), OFFICIAL_VERSION
    newest = max(filter(is_release, map(required, template.graph.values())), key=order, default="")
    if order(newest) > order(OFFICIAL_VERSION):
        places[f"ComfyUI {newest} or newer"] = known_schemas(), newest
    fewest: Fit | None = None
    for place, (schemas, release) in places.items():
        faults = audit(template, schemas, release)
        if not faults:
            return Fit(place)
        if fewest is None or len(faults) < len(fewest.faults):
            fewest = Fit("", faults)
    return fewest or Fit("")
