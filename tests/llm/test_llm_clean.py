"""What is taken off an answer, and what stays."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import EnhancementFailed
from orchestrator.llm.clean import clean

PLAIN = "long red coat, deep snow"


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN,
        f"  {PLAIN}.\n",
        f'"{PLAIN}"',
        f"“{PLAIN}.”",
        f"<think>\nA coat, hm.\n</think>\n\n{PLAIN}",
        f"Okay, a coat.</think>{PLAIN}",
        f"<THINK>a</THINK><reasoning>b</reasoning>{PLAIN}",
        f"Here is the enhanced prompt: {PLAIN}",
        f"Here's a richer version, with more detail:\n\n{PLAIN}",
        f"Sure! Here is the description:\n{PLAIN}",
        f"**Enhanced prompt:** {PLAIN}",
        f"Prompt: {PLAIN}",
        f"### Prompt:\n{PLAIN}",
        f"```text\n{PLAIN}\n```",
        f"Here you go:\n```\n{PLAIN}\n```\nEnjoy!",
        "**long red coat**, *deep snow*",
        "- long red coat\n- deep snow",
        "1. long red coat\n2. deep snow",
        "* long red coat,\n\n* deep snow",
        "long red coat,\r\ndeep snow",
        f"{PLAIN}\n\nThis adds weather. I kept the coat.",
        f'{{"description": "{PLAIN}"}}',
        f'```json\n{{"description": "{PLAIN}", "avoid": []}}\n```',
        "long\x00 red\ud800 coat,\u200b deep snow",
    ],
)
def test_the_description_is_what_remains(answer: str) -> None:
    assert clean(answer) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "(red coat:1.2), looking_at_viewer, [soft] light, 3 birds",
        "a prompt writer at a desk, (ink:1.3)",
        "the new version of a clock, close-up",
        "an answering machine, 1980s",
    ],
)
def test_a_description_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "answer",
    [
        "<think>endless",
        "I'm sorry, but I can't help with that.",
        "I cannot describe this",
        "As an AI, I must not",
    ],
)
def test_no_description_is_a_failure(answer: str) -> None:
    with pytest.raises(EnhancementFailed):
        clean(answer)


@given(st.text(max_size=300))
def test_any_answer_becomes_one_printable_line(answer: str) -> None:
    try:
        assert clean(answer).isprintable()
    except EnhancementFailed:
        return


@pytest.mark.parametrize("unit", ["<think>", "</think>", "```\n", "- ", "\n\n", '"', "sure: ", "{"])
def test_the_time_is_linear_in_the_length(unit: str) -> None:
    start = time.monotonic()
    with suppress(EnhancementFailed):
        clean(unit * 100_000)
    assert time.monotonic() - start < 1
