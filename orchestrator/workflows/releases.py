"""Releases of ComfyUI, as `0.3.75`: nodes may be there long before models that they can load."""

import re
from collections.abc import Iterable
from typing import Any

KEY = "comfyui"  # of a node's `_meta`: the first release that runs it as the template means it
UNTOLD = ""  # of a ComfyUI too old to tell its release

_RELEASE = re.compile(r"v?\d+(\.\d+){1,3}")


def is_release(text: object) -> bool:
    return isinstance(text, str) and _RELEASE.fullmatch(text) is not None


def order(release: str) -> tuple[int, ...]:
    """Older ones first. What follows the numbers, as in `0.3.75-dev`, does not count."""
    found = _RELEASE.match(release)
    return tuple(map(int, found[0].lstrip("v").split("."))) if found else ()


def oldest(releases: Iterable[str]) -> str:
    return min(releases, key=order, default=UNTOLD)


def required(node: dict[str, Any]) -> Any:
    """The release that the node asks for, whatever was written there; None: any will do."""
    return node.get("_meta", {}).get(KEY)
