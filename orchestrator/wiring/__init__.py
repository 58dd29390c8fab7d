"""The only place that knows every room: makes the adapters from the settings and runs them."""

from orchestrator.wiring.adapters import (
    make_compliance,
    managed_comfyui,
    open_database,
    signing_chain,
)
from orchestrator.wiring.audit import LiveAudit, declared_schemas
from orchestrator.wiring.engine import Core, opened
from orchestrator.wiring.fleet import make_published, missing_shared
from orchestrator.wiring.offline import (
    check_workflows,
    examine_storage,
    inspect_picture,
    read_offer,
)
from orchestrator.wiring.service import ADMIN_KEY_FILE, serve, serve_api, serve_worker

__all__ = [
    "ADMIN_KEY_FILE",
    "Core",
    "LiveAudit",
    "check_workflows",
    "declared_schemas",
    "examine_storage",
    "inspect_picture",
    "make_compliance",
    "make_published",
    "managed_comfyui",
    "missing_shared",
    "open_database",
    "opened",
    "read_offer",
    "serve",
    "serve_api",
    "serve_worker",
    "signing_chain",
]
