"""Earlier pictures that will do for a new request."""

from orchestrator.cache.none import NoCache

__all__ = ["NoCache"]
