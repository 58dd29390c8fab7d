"""Imgen API v2: `POST /api/v2`, one JSON object with an `action`."""

from orchestrator.api.v2.actions import routes

__all__ = ["routes"]
