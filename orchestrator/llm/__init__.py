"""Language models that make prompts richer."""

from orchestrator.llm.none import NoEnhancer

__all__ = ["NoEnhancer"]
