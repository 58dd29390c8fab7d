"""Template → graph, as pure functions, and the audit of templates against the nodes' schemas."""

from orchestrator.workflows.audit import audit
from orchestrator.workflows.bindings import SAMPLE, Bindings
from orchestrator.workflows.build import build, is_procedural
from orchestrator.workflows.faults import Fault
from orchestrator.workflows.finish import Finish
from orchestrator.workflows.golden import golden, rewrite_goldens
from orchestrator.workflows.schemas import NodeSchema, Schemas, packaged_schemas, parse_schemas

__all__ = [
    "SAMPLE",
    "Bindings",
    "Fault",
    "Finish",
    "NodeSchema",
    "Schemas",
    "audit",
    "build",
    "golden",
    "is_procedural",
    "packaged_schemas",
    "parse_schemas",
    "rewrite_goldens",
]
