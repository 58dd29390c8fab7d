"""Which of the ComfyUIs that we know of can run a template."""

from dataclasses import dataclass

from orchestrator.models import Template
from orchestrator.workflows.audit import audit
from orchestrator.workflows.faults import Fault
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
    places = {"the packaged ComfyUI": packaged_schemas(), official: official_schemas()}
    if packs := ", ".join(packs_of(template.graph)):
        places[f"{official} with {packs}"] = known_schemas()
    fewest: Fit | None = None
    for place, schemas in places.items():
        faults = audit(template, schemas)
        if not faults:
            return Fit(place)
        if fewest is None or len(faults) < len(fewest.faults):
            fewest = Fit("", faults)
    return fewest or Fit("")
