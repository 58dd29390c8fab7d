"""The ComfyUI page for artists, behind a session, and what its extension asks of the service."""

from orchestrator.api.artists.desk import Desk
from orchestrator.api.artists.routes import routes
from orchestrator.api.artists.studio import STUDIO, Studio

__all__ = ["STUDIO", "Desk", "Studio", "routes"]
