"""The floor: what it must refuse, what it must let pass, and that no disguise or order helps."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compliance import floor

HERE = Path(__file__).parent


def cases(name: str) -> Iterator[Any]:
    for group, requests in yaml.safe_load((HERE / name).read_text()).items():
        for request in requests:
            texts = {"prompt": request} if isinstance(request, str) else request
            yield pytest.param(texts, id=f"{group}: {texts}")


@pytest.mark.parametrize("texts", list(cases("floor_refused.yaml")))
def test_floor_refuses(texts: dict[str, str]) -> None:
    assert floor.judge(texts)


@pytest.mark.parametrize("texts", list(cases("floor_passed.yaml")))
def test_floor_lets_pass(texts: dict[str, str]) -> None:
    assert not floor.judge(texts)


INVISIBLE = "\u200b\u200c\u200d\u2060\u00ad\ufe0f\u0301\u0336\U000e0041"
STAND_INS = {"a": "aA4@áаɑ", "c": "cCсｃ", "d": "dDԁ", "e": "eE3éе€", "h": "hHһ", "i": "iI1!íі",
             "k": "kKк", "l": "lL1|ｌ", "n": "nNñ𝓃", "u": "uUüν"[:3]}  # fmt: skip


@st.composite
def disguised(draw: st.DrawFn, phrase: str) -> str:
    """The phrase with other letters, invisible characters and separators of one kind."""
    separator = draw(st.sampled_from(["", " ", ".", "-", "_", " . ", "*"]))
    words = (draw(disguised_word(word, separator)) for word in phrase.split())
    return draw(st.sampled_from([" ", ", ", "  ", "\n"])).join(words)


@st.composite
def disguised_word(draw: st.DrawFn, word: str, separator: str) -> str:
    letters = [
        draw(st.sampled_from(STAND_INS.get(letter, letter))) * draw(st.integers(1, 4))
        + draw(st.text(INVISIBLE, max_size=3))
        for letter in word
    ]
    return separator.join(letters)


@given(disguised("naked child"))
def test_no_disguise_gets_below_the_floor(text: str) -> None:
    assert floor.judge({"prompt": text})


@pytest.mark.parametrize("word", ["naked", "child"])
def test_one_blank_inside_a_word_does_not_hide_it(word: str) -> None:
    splits = [f"{word[:at]} {word[at:]}" for at in range(1, len(word))]
    assert all(floor.judge({"prompt": f"naked child {s}".replace(word, s, 1)}) for s in splits)


@given(st.permutations(["prompt", "cs_title", "cs_author", "positive", "cs_vendor"]), st.data())
def test_the_order_and_the_names_of_wanted_fields_do_not_matter(
    names: list[str], data: st.DataObject
) -> None:
    parts = data.draw(st.permutations(["naked", "child", "snow", "red coat", "warm light"]))
    assert floor.judge(dict(zip(names, parts, strict=True)))


@pytest.mark.parametrize("order", list(permutations(["naked", "snowy street", "child"])))
def test_the_order_of_pieces_does_not_matter(order: tuple[str, ...]) -> None:
    assert floor.judge({"prompt": ", ".join(order)})


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert isinstance(floor.judge({"prompt": text, "negative": text}), tuple)


@given(st.text("abcdefghijklmnopqrstuvwxyz 1234!$@*.,-()\u200b", max_size=60))
def test_what_stands_around_it_does_not_hide_it(noise: str) -> None:
    assert floor.judge({"prompt": f"naked child, {noise}"})
