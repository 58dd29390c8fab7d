"""How a raw prompt is read."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import InvalidCharacter, PromptRequired, Rejected
from orchestrator.models import Prompt
from orchestrator.prompts import parse, render
from orchestrator.prompts.pieces import escape_stray_brackets, pieces

CHARACTERS = {"aya", "bella"}

# Text made of what the syntax cares about, so that the rare combinations are common.
hostile = st.lists(
    st.sampled_from(
        [*"@-,()[]{}<>\\ \n\t", "@aya", "@bella", "@zed", "--", ", -", "red coat", "é", "{{ 7*7 }}"]
    ),
    max_size=40,
).map("".join)
texts = hostile | st.text(max_size=200)


def parsed(text: str) -> Prompt:
    return parse(text, characters=CHARACTERS)


def parsed_or_none(text: str) -> Prompt | None:
    try:
        return parse(text, characters=CHARACTERS, unknown="ignore")
    except Rejected:
        return None


def escaped(prompt: Prompt) -> Prompt:
    return Prompt(
        character=prompt.character,
        positive=escape_stray_brackets(prompt.positive),
        negatives=tuple(escape_stray_brackets(term) for term in prompt.negatives),
    )


@pytest.mark.parametrize(
    ("text", "character", "positive", "negatives"),
    [
        (
            "@aya red coat, snowy street, warm lighting, -umbrella",
            "aya",
            "red coat, snowy street, warm lighting",
            ("umbrella",),
        ),
        ("red coat", "", "red coat", ()),
        ("@aya", "aya", "", ()),
        ("@AYA red coat", "aya", "red coat", ()),
        ("@aya -red coat", "aya", "", ("red coat",)),
        ("@aya @AYA red coat", "aya", "red coat", ()),
        ("red coat @aya", "aya", "red coat", ()),
        ("red @aya coat", "aya", "red coat", ()),
        ("red coat,@aya,scarf", "aya", "red coat, scarf", ()),
        ("\n@aya\nred coat", "aya", "red coat", ()),
        ("@aya, red coat", "aya", "red coat", ()),
        ("@aya: red coat", "aya", ": red coat", ()),
        ("mail me@aya.com", "", "mail me@aya.com", ()),
        ("(@aya:1.2)", "", "(@aya:1.2)", ()),
        ("lights @ night", "", "lights @ night", ()),
        ("close-up, red - blue", "", "close-up, red - blue", ()),
        ("a, -b, c, -d", "", "a, c", ("b", "d")),
        ("a, - b, --c, -, ---", "", "a", ("b", "c")),
        ("a,, ,b,", "", "a, b", ()),
        ("a (b, -c), d", "", "a (b, -c), d", ()),
        ("a [b, {c, <d, e>}], -f (g, h)", "", "a [b, {c, <d, e>}]", ("f (g, h)",)),
        ("sad :(, -rain", "", "sad :(", ("rain",)),
        ("3 < 4, -rain", "", "3 < 4", ("rain",)),
        ("smile :), (a, b), -rain", "", "smile :), (a, b)", ("rain",)),
        ("(a, [b), c], -d", "", "(a, [b), c]", ("d",)),
        (r"\(a, -b\)", "", r"\(a", (r"b\)",)),
        ("{{ 7*7 }} {% if x %}", "", "{{ 7*7 }} {% if x %}", ()),
        ("(red:1.2), coat", "", "(red:1.2), coat", ()),
    ],
)
def test_syntax(text: str, character: str, positive: str, negatives: tuple[str, ...]) -> None:
    assert parsed(text) == Prompt(character=character, positive=positive, negatives=negatives)


@pytest.mark.parametrize("text", ["", "  ", ",", " , ,", "-", "-a", "-a, -b", "\n"])
def test_nothing_to_draw_is_refused(text: str) -> None:
    with pytest.raises(PromptRequired):
        parsed(text)


@pytest.mark.parametrize("text", ["@zed red coat", "red coat, @zed", "@aya-red coat", "@aya@zed"])
def test_an_unknown_character_is_refused(text: str) -> None:
    with pytest.raises(InvalidCharacter) as refused:
        parsed(text)
    assert refused.value.message == "Invalid character"


@pytest.mark.parametrize("text", ["@aya @bella", "@aya a, -b @bella", "@aya @zed"])
def test_two_characters_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(InvalidCharacter, match="one per prompt"):
        parsed(text)


def test_an_unknown_character_can_be_ignored() -> None:
    prompt = parse("@zed @aya red coat", characters=CHARACTERS, unknown="ignore")
    assert prompt == Prompt(character="aya", positive="red coat")


def test_nothing_but_an_ignored_character_is_nothing() -> None:
    with pytest.raises(PromptRequired):
        parse("@zed", characters=CHARACTERS, unknown="ignore")


def test_two_known_characters_are_refused_even_when_unknown_ones_are_ignored() -> None:
    with pytest.raises(InvalidCharacter):
        parse("@zed @aya @bella", characters=CHARACTERS, unknown="ignore")


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(character="aya"),
        Prompt(positive="red coat"),
        Prompt(character="aya", negatives=("red coat",)),
        Prompt(character="aya", positive="red coat, snow", negatives=("a", "(b, c)")),
    ],
)
def test_a_prompt_is_rendered_as_the_text_that_parses_to_it(prompt: Prompt) -> None:
    assert parsed(render(prompt)) == prompt


def test_rendering_keeps_brackets_of_different_pieces_apart() -> None:
    prompt = parsed("-a ), (b")
    assert parsed(render(prompt)) == Prompt(positive=r"\(b", negatives=(r"a \)",))


@given(texts)
def test_nothing_but_a_rejection_is_ever_raised(text: str) -> None:
    with contextlib.suppress(Rejected):
        parsed(text)


@given(texts)
def test_what_was_parsed_survives_rendering(text: str) -> None:
    prompt = parsed_or_none(text)
    if prompt is not None:
        assert parsed(render(prompt)) == escaped(prompt)


@given(texts)
def test_rendering_settles_at_once(text: str) -> None:
    prompt = parsed_or_none(text)
    if prompt is not None:
        once = render(prompt)
        assert render(parsed(once)) == once


@given(texts)
def test_pieces_are_parts_of_the_text_in_their_order(text: str) -> None:
    at = 0
    for piece in pieces(text):
        at = text.index(piece, at) + len(piece)


@given(texts)
def test_no_piece_is_empty_or_untrimmed(text: str) -> None:
    assert all(piece == piece.strip() != "" for piece in pieces(text))


@given(st.lists(st.text("abc -_'", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_every_piece_goes_to_its_side_in_order(given_pieces: list[str]) -> None:
    prompt = parse("@aya " + ", ".join(given_pieces), characters=CHARACTERS)
    positives = [piece for piece in given_pieces if not piece.startswith("-")]
    assert pieces(prompt.positive) == tuple(positives)
    assert len(prompt.negatives) <= len(given_pieces) - len(positives)


HOSTILE = ["(", ")", "([", "<>", "@", "@a", "@aya ", "-", "- ", "a,", ", ", " ", "\\(", "(,", "@a,"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_in_line_with_the_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit)) + "])"
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            prompt = parsed_or_none(text)
            if prompt is not None:
                render(prompt)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(400_000) < 40 * seconds(40_000) + 0.05  # a square would be a hundredfold
