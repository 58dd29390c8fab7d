"""The names of stored things: a fixed alphabet, so that no key can leave its folder."""

import re

from orchestrator.errors import StorageFailed

LINKED = ("assets", "blocked")  # may be handed out by link; `spool` holds unsigned pictures
SEGMENT = r"[a-z0-9][a-z0-9_.-]{0,127}"
KEY = re.compile(rf"(?:assets|blocked|spool)(?:/{SEGMENT}){{1,4}}")


def is_key(text: str) -> bool:
    return KEY.fullmatch(text) is not None


def is_linkable(key: str) -> bool:
    return is_key(key) and key.partition("/")[0] in LINKED


def checked(key: str) -> str:
    """The key itself. Raises StorageFailed if it is none."""
    if not is_key(key):
        raise StorageFailed(detail=f"not a storage key: {key[:200]!r}")
    return key
