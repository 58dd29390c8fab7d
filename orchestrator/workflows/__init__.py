"""Template → graph, as pure functions, and the audit of templates against the nodes' schemas."""

from orchestrator.workflows.audit import audit
from orchestrator.workflows.bindings import SAMPLE, Bindings
from orchestrator.workflows.build import build, build_draft, is_procedural, pictures_of
from orchestrator.workflows.faults import Fault
from orchestrator.workflows.finish import Finish
from orchestrator.workflows.fit import Fit, fit
from orchestrator.workflows.golden import goldens, rewrite_goldens
from orchestrator.workflows.proposals import propose
from orchestrator.workflows.releases import UNTOLD, oldest
from orchestrator.workflows.samples import distinctly_titled, sample_inputs
from orchestrator.workflows.schemas import NodeSchema, Schemas, parse_schemas
from orchestrator.workflows.snapshots import (
    OFFICIAL_VERSION,
    known_schemas,
    official_schemas,
    origin,
    packaged_schemas,
)

__all__ = [
    "OFFICIAL_VERSION",
    "SAMPLE",
    "UNTOLD",
    "Bindings",
    "Fault",
    "Finish",
    "Fit",
    "NodeSchema",
    "Schemas",
    "audit",
    "build",
    "build_draft",
    "distinctly_titled",
    "fit",
    "goldens",
    "is_procedural",
    "known_schemas",
    "official_schemas",
    "oldest",
    "origin",
    "packaged_schemas",
    "parse_schemas",
    "pictures_of",
    "propose",
    "rewrite_goldens",
    "sample_inputs",
]
