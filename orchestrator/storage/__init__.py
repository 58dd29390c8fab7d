"""Where pictures are kept, and the links that lead to them."""

from orchestrator.storage.links import Links, content_type
from orchestrator.storage.local import LocalStorage, Served

__all__ = ["Links", "LocalStorage", "Served", "content_type"]
