"""What the diffusion model is told, in the order of the contract."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import TemplateFault
from orchestrator.models import Character, Model, Prompt, Style, Texts
from orchestrator.prompts import compose
from orchestrator.prompts.texts import check

SHIPPED = {
    path.stem: path.read_text()
    for path in (Path(__file__).parents[2] / "workflows/prompts").glob("*.j2")
}

PLAIN = Style(key="plain", label="Plain")
RICH = Style(key="rich", label="Rich", quality="sharp, clear", negative_extra="cartoon")
AYA = Character(name="aya", trigger="aya", positive="short black hair", negative="long hair")
NOBODY = Character(name="")
PROMPT = Prompt(character="aya", positive="red coat, snow", negatives=("umbrella", "(cars, bus)"))


def texts_of(
    prompt: Prompt = PROMPT,
    *,
    style: Style = RICH,
    character: Character = AYA,
    base: str = "blurry",
    negative: str = "crowd",
    texts: dict[str, str] = SHIPPED,
) -> Texts:
    model = Model(
        key="m",
        label="M",
        template="t",
        default_style=style.key,
        styles={style.key: style},
        base_negative=base,
    )
    return compose(
        prompt, model=model, style=style, character=character, negative=negative, texts=texts
    )


@pytest.fixture(params=["the shipped files", "no files"])
def texts(request: pytest.FixtureRequest) -> dict[str, str]:
    return SHIPPED if request.param == "the shipped files" else {}


def test_the_positive_has_the_order_of_the_contract(texts: dict[str, str]) -> None:
    expected = "aya, short black hair, red coat, snow, sharp, clear"
    assert texts_of(texts=texts).positive == expected


def test_the_negative_has_the_order_of_the_contract(texts: dict[str, str]) -> None:
    expected = "blurry, cartoon, long hair, umbrella, (cars, bus), crowd"
    assert texts_of(texts=texts).negative == expected


def test_empty_parts_leave_no_comma(texts: dict[str, str]) -> None:
    composed = texts_of(
        Prompt(positive="red coat"),
        style=PLAIN,
        character=NOBODY,
        base="",
        negative=" , ",
        texts=texts,
    )
    assert composed == Texts(positive="red coat", negative="")


def test_a_character_alone_is_enough() -> None:
    composed = texts_of(Prompt(character="aya"), style=PLAIN)
    assert composed.positive == "aya, short black hair"


def test_what_is_filled_in_is_never_rendered() -> None:
    composed = texts_of(
        Prompt(positive="{{ 7*7 }} {% for x in y %} {# no #}"), negative="{{ base_negative }}"
    )
    assert "{{ 7*7 }} {% for x in y %} {# no #}" in composed.positive
    assert composed.negative.endswith("{{ base_negative }}")


def test_an_edited_file_changes_the_order() -> None:
    texts = {"positive": "{{ style_quality }}\n{# first -#},\n{{ prompt }}"}
    assert texts_of(texts=texts).positive == "sharp, clear, red coat, snow"


def test_weights_pass() -> None:
    positive = texts_of(Prompt(positive="(red coat:1.2), ((snow))")).positive
    assert "(red coat:1.2), ((snow))" in positive


@pytest.mark.parametrize(
    "text", ["embedding:bad", "(EMBEDDING:bad:1.2)", "embeddingembedding::bad", "x\nembedding:bad"]
)
def test_no_text_can_name_an_embedding(text: str) -> None:
    composed = texts_of(Prompt(positive=text, negatives=(text,)), negative=text)
    assert "embedding:" not in f"{composed.positive} {composed.negative}".lower()


@given(st.text(), st.text())
def test_any_text_can_be_filled_in(positive: str, negative: str) -> None:
    composed = texts_of(Prompt(positive=positive), negative=negative)
    assert composed.positive.startswith("aya, short black hair")


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_the_shipped_files_are_sound(name: str) -> None:
    check(name, SHIPPED[name])


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ prompt }},\n{{ promt }}", "line 2: 'promt' is undefined"),
        ("\n\n{{ prompt", "line 3: unexpected end"),
        ("{{ prompt / 2 }}", "line 1: unsupported operand"),
        ("{{ prompt.__class__.__mro__ }}", "line 1: access to attribute '__class__'"),
        ("{{ range(9) }}", "line 1: 'range' is undefined"),
        ("{% include 'negative.j2' %}", "line 1: no loader"),
    ],
)
def test_a_faulty_file_is_refused_with_line_and_reason(source: str, fault: str) -> None:
    with pytest.raises(TemplateFault, match=fault):
        check("positive", source)


def test_composing_with_a_faulty_file_names_it() -> None:
    with pytest.raises(TemplateFault, match=r"positive\.j2: line 1: 'x' is undefined"):
        texts_of(texts={"positive": "{{ x }}"})
