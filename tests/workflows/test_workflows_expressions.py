"""Expressions keep their type, say what is wrong, and can't blow up."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.workflows.expressions import ExpressionFault, evaluate, evaluate_bare

VALUES = {
    "width": 1344,
    "cfg": 7.5,
    "positive": "\\" * 4000,
    "style": "photo",
    "loras": [{"file": "a.safetensors", "weight": 0.8}, {"file": "b.safetensors", "weight": 1.0}],
    "empty": [],
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ width }}", 1344),
        ("{{ cfg }}", 7.5),
        ("{{ width > 1000 }}", True),
        ("{{ width // 8 * 8 }}", 1344),
        ("{{ [width, 768] | max }}", 1344),
        ("{{ (cfg * 2) | int }}", 15),
        ("{{ (cfg / 3) | round(2) }}", 2.5),
        ("{{ loras | length }}", 2),
        ("{{ [1, 2.5] }}", [1, 2.5]),
        ("{{ loras[0].file }}", "a.safetensors"),
        ("{{ loras | join(', ', attribute='file') }}", "a.safetensors, b.safetensors"),
        ("{{ '7' }}", "7"),
        ("{{ 3 if style == 'photo' else 4 }}", 3),
    ],
)
def test_a_single_expression_gives_its_own_type(source, value):
    result = evaluate(source, VALUES)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (" {{ width }}", " 1344"),
        ("{{ width }}x{{ cfg }}", "1344x7.5"),
        ("a\n{{ style }}\n", "a\nphoto\n"),
        ("{% if style == 'photo' %}35 mm{% else %}ink{% endif %}", "35 mm"),
        ("{% raw %}{{ style }}{% endraw %}", "{{ style }}"),
        ("<b> & ' \" {{ style }}", "<b> & ' \" photo"),
    ],
)
def test_anything_else_gives_text(source, text):
    assert evaluate(source, VALUES) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ [0] * 10 ** 9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 2 ** 0.5 ** -99999 }}",
        "{{ '%9999999999d' % 1 }}",
        "{{ '{:9999999999}'.format(1) }}",
        "{{ range(10 ** 9) }}",
        "{{ 'a'.ljust(10 ** 9) }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ style.upper }}",
        "{{ style.upper() }}",
        "{{ positive | center(10 ** 9) }}",
        "{{ positive | join(positive) | join(positive) | join(positive) }}",
        "{{ 1.5 | round(10 ** 9) }}",
        "{{ 5 | round(-(10 ** 9)) }}",
        "{{ " + "[" * 30 + "positive" + "] | string" * 30 + " }}",
        "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
        "{{ " + "not " * 1900 + "1 }}",
        "{{ " + "1 + " * 600 + "1 }}",
        "{{ 1e999 }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ 1 // 0 }}",
        "{{ none }}",
        "{{ nowhere }}",
        "{{ loras[0].wieght }}",
        "{{ loras[7].file }}",
        "{{ 'x' | int }}",
        "{{ width",
        "{{ }}",
        "{{ 1 | nosuchfilter }}",
        "{{ 1.5 | round(digits=1, digits=2) }}",
        "text {{ loras }}",
        "{% for a in loras %}{% for b in loras %}x{% endfor %}{% endfor %}",
        "{% set width = 1 %}{{ width }}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% include 'x' %}",
        "x" * 9000 + "{{ width }}",
        "{{ positive }}" * 100,
    ],
    ids=lambda source: source[:50],
)
def test_what_is_wrong_or_could_explode_is_refused_at_once(source):
    started = time.monotonic()
    with pytest.raises(ExpressionFault):
        evaluate(source, VALUES)
    assert time.monotonic() - started < 1


FRAGMENTS = st.sampled_from(
    [
        *("{{ ", " }}", "{% if ", "{% endif %}", " %}", "{# ", " #}", "positive", "width", "loras"),
        *("nowhere", ".file", "[0]", "[1:]", "(", ")", "[", "]", ",", " | ", "join", "max", "int"),
        *("round", "string", "default", " is defined", " in ", " ** ", " * ", " % ", " + ", "-"),
        *(" if ", " else ", "'", '"', "9", "1e308", "true", "none", "=", "~", "\n", "é"),
    ]
)


@given(st.lists(FRAGMENTS, max_size=14).map("".join), st.booleans())
def test_whatever_is_written_gives_a_value_or_a_fault(source, wrapped):
    try:
        value = evaluate("{{ " + source + " }}" if wrapped else source, VALUES)
    except ExpressionFault:
        return
    json.dumps(value, allow_nan=False)


def test_an_unknown_name_is_told_with_those_that_there_are():
    with pytest.raises(ExpressionFault, match=r"unknown name heigth \(there are .*width"):
        evaluate("{{ heigth }}", VALUES)


def test_an_unknown_name_is_an_error_even_where_it_would_not_be_reached():
    with pytest.raises(ExpressionFault, match="nowhere"):
        evaluate("{{ width if true else nowhere }}", VALUES)


@pytest.mark.parametrize("expression", ["{{ width }}", "width }} {{ cfg", "{# c #}", "", "a b"])
def test_a_bare_expression_has_no_braces(expression):
    with pytest.raises(ExpressionFault):
        evaluate_bare(expression, VALUES)


def test_a_bare_expression_keeps_lists():
    assert evaluate_bare("loras", VALUES) == VALUES["loras"]
