"""Whether a value is one that an input takes."""

from collections.abc import Mapping
from typing import Any

from orchestrator.workflows.schemas import InputSchema

JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "INT": (int,),
    "FLOAT": (int, float),
    "STRING": (str,),
    "BOOLEAN": (bool,),
}


def mismatch(value: Any, declared: InputSchema, *, linkable: bool) -> str:
    """Why not; empty if it is. `linkable`: there are nodes that give this type."""
    if declared.is_socket:  # else a node pack's own kind of widget
        return f"takes a link to {declared.type}, not a value" if linkable else ""
    if isinstance(value, dict) and "__value__" in value:
        return ""  # how ComfyUI tells a list from a link
    if declared.type == "COMBO":
        return _choice(value, declared)
    return _number_or_text(value, declared)


def _choice(value: Any, declared: InputSchema) -> str:
    if not declared.choices or value in declared.choices:
        return ""
    return f"{_brief(value)} is not one of {', '.join(map(str, declared.choices))}"


def _number_or_text(value: Any, declared: InputSchema) -> str:
    if type(value) not in JSON_TYPES[declared.type]:
        return f"takes {declared.type}, not {_brief(value)}"
    if declared.minimum is not None and value < declared.minimum:
        return f"{_brief(value)} is below {declared.minimum}"
    if declared.maximum is not None and value > declared.maximum:
        return f"{_brief(value)} is above {declared.maximum}"
    return ""


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
