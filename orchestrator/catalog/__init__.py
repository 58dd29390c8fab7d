"""What is offered: models, styles, characters, templates and words from dropped files."""

from orchestrator.catalog.catalog import Catalog, read_shelf
from orchestrator.catalog.memory import Memory
from orchestrator.catalog.weights import Weights

__all__ = ["Catalog", "Memory", "Weights", "read_shelf"]
