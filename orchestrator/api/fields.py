"""Reads a JSON object that nobody has checked: right types, within bounds, or a named error."""

import hashlib
import json
import re
from collections.abc import Container, Mapping
from typing import Any, NoReturn

from orchestrator.errors import InvalidField, InvalidJson

UNSTORABLE = re.compile("[\\0\ud800-\udfff]")


def parse_object(data: bytes) -> "Fields":
    """Raises InvalidJson for anything but one JSON object."""
    try:
        value = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InvalidJson from None
    if not isinstance(value, dict):
        raise InvalidJson
    return Fields(value, digest=hashlib.sha256(data).hexdigest())


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


class Fields:
    """The fields of one object. `null` counts as absent. All raise InvalidField."""

    def __init__(self, values: Mapping[str, Any], *, digest: str = "") -> None:
        """`digest` is that of the bytes that were sent."""
        self._values = values
        self.digest = digest

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, *, default: str = "", longest: int) -> str:
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > longest or not _is_storable(value):
            raise InvalidField(name)
        return value

    def explained_text(self, name: str, *, longest: int) -> str:
        """As `text`, with an error that says what is wanted."""
        try:
            return self.text(name, longest=longest)
        except InvalidField:
            wanted = f"it has to be a text of at most {longest} characters"
            raise InvalidField(name, reason=wanted) from None

    def short_text(self, name: str, *, longest: int) -> str:
        """As much of the text as is wanted; nothing if it is no text."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return ""
        return value[:longest] if _is_storable(value[:longest]) else ""

    def choice(self, name: str, choices: Container[str], *, default: str) -> str:
        """One of the choices, else the default."""
        value = self._values.get(name)
        return value if isinstance(value, str) and value in choices else default

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise InvalidField(name)
        return value

    def integer(self, name: str, *, default: int, low: int, high: int) -> int:
        """Clamped to the bounds."""
        value = self._values.get(name)
        if value is None:
            return default
        if not _is_whole(value):
            raise InvalidField(name)
        return max(low, min(high, int(value)))

    def number(self, name: str, *, default: float, low: float, high: float) -> float:
        """Clamped to the bounds."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise InvalidField(name)
        return float(max(low, min(high, value)))

    def integer_or(self, name: str, default: int, *, low: int, high: int) -> int:
        """As `integer`, with the default in the place of an error."""
        try:
            return self.integer(name, default=default, low=low, high=high)
        except InvalidField:
            return default


def _is_whole(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_storable(text: str) -> bool:
    """Whether the text has neither half a surrogate pair nor a NUL, which no database takes."""
    return UNSTORABLE.search(text) is None
