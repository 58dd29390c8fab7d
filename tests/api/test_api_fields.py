"""JSON that nobody has checked becomes values within bounds, or an error that names the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.fields import Fields, parse_object
from orchestrator.errors import InvalidField, InvalidJson

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary())
def test_bytes_are_an_object_or_invalid(data: bytes) -> None:
    try:
        assert isinstance(parse_object(data), Fields)
    except InvalidJson:
        with pytest.raises((ValueError, AssertionError)):
            assert isinstance(json.loads(data), dict)


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 100_000, b'{"a": NaN}', b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_json_that_no_parser_should_take_is_invalid(data: bytes) -> None:
    with pytest.raises(InvalidJson):
        parse_object(data)


@given(ANYTHING)
def test_an_integer_is_within_its_bounds_or_refused(value: Any) -> None:
    try:
        assert 1 <= Fields({"n": value}).integer("n", default=5, low=1, high=10) <= 10
    except InvalidField as error:
        assert error.message == "Invalid field: n"


@given(ANYTHING)
def test_a_fallback_is_never_refused(value: Any) -> None:
    fields = Fields({"n": value})
    assert 1 <= fields.integer_or("n", 5, low=1, high=10) <= 10
    assert fields.choice("n", ["a", "b"], default="a") in ("a", "b")


@given(ANYTHING)
def test_a_text_can_be_stored_or_is_refused(value: Any) -> None:
    try:
        text = Fields({"t": value}).text("t", longest=10)
    except InvalidField:
        return
    assert len(text.encode()) <= 40


@pytest.mark.parametrize("value", [float("inf"), True, "5", [], 1.5])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(InvalidField):
        Fields({"n": value}).integer("n", default=5, low=1, high=10)


def test_null_counts_as_absent() -> None:
    fields = Fields({"a": None})
    assert "a" not in fields
    assert fields.text("a", default="x", longest=5) == "x"


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InvalidField):
        parse_object(b'{"t": "\\ud800"}').text("t", longest=10)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_object(b'{"t": "\\ud83c\\udfa8"}').text("t", longest=10) == "\N{ARTIST PALETTE}"
