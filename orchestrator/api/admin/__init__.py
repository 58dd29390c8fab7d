"""The page for operators: instances, queue, keys and verdicts, what is served and what is not."""

from orchestrator.api.admin.access import ADMIN, Admin
from orchestrator.api.admin.keys import Bounds
from orchestrator.api.admin.routes import routes

__all__ = ["ADMIN", "Admin", "Bounds", "routes"]
