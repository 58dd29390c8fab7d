"""What is offered: models, styles, characters, templates and words from dropped files."""

from orchestrator.catalog.catalog import Catalog, read_shelf

__all__ = ["Catalog", "read_shelf"]
