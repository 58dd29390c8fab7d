"""Numbers as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.web import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7200, "2 h"),
        (86_400 * 3, "3 d"),
    ],
)
def test_seconds(value: float | None, shown: str) -> None:
    assert words.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (3 << 30, "3.0 GiB"),
        (1 << 60, "1024.0 PiB"),
    ],
)
def test_sizes(value: float, shown: str) -> None:
    assert words.size(value) == shown


def test_moments_are_in_utc() -> None:
    local = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))
    assert words.moment(local) == "2026-01-02 02:04:05"
    assert words.moment(local.astimezone(UTC)) == "2026-01-02 02:04:05"
    assert words.moment(None) == "–"
