"""Numbers as people read them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def seconds(value: float | None) -> str:
    """`0.4 s`, `75 s`, `12 min`, `3 h`, `4 d`; a dash if there is none."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.1f} s"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if value >= 2 * size:
            return f"{value / size:.0f} {unit}"
    return f"{value:.0f} s"


def size(value: float) -> str:
    """Of so many bytes."""
    for unit in UNITS[:-1]:
        if value < 1024:
            return f"{value:.1f} {unit}" if unit != "B" else f"{value:.0f} B"
        value /= 1024
    return f"{value:.1f} {UNITS[-1]}"


def moment(value: datetime | None) -> str:
    """In UTC; a dash if there is none."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else "–"


def count(value: float) -> str:
    return f"{value:,.0f}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "seconds": seconds,
    "size": size,
    "moment": moment,
    "count": count,
}
