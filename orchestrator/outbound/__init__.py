"""What is sent to places that a caller named: webhooks, and connections that can't lead astray."""

from orchestrator.outbound.guard import Guard
from orchestrator.outbound.post import Post
from orchestrator.outbound.sender import Sender

__all__ = ["Guard", "Post", "Sender"]
