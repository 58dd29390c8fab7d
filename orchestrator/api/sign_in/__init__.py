"""Sessions in a browser: one sign-in with an API key, for all pages that its owner may see."""

from orchestrator.api.sign_in.gate import (
    GATE,
    Gate,
    check_origin,
    check_token,
    holder_of,
    session_of,
    token_of,
)
from orchestrator.api.sign_in.login import Entrance, read_form
from orchestrator.api.sign_in.sessions import LIFE, Sessions

__all__ = [
    "GATE",
    "LIFE",
    "Entrance",
    "Gate",
    "Sessions",
    "check_origin",
    "check_token",
    "holder_of",
    "read_form",
    "session_of",
    "token_of",
]
