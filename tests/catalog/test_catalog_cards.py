"""What is said of a card that is wrong."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from catalog_samples import CARD
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.catalog.formats import (
    read_character,
    read_model,
    read_template,
    read_text,
)
from orchestrator.errors import ConfigurationError


def faults(read: Callable[[str, bytes], Any], text: str | bytes, *, stem: str = "one") -> list[str]:
    with pytest.raises(ConfigurationError) as wrong:
        read(stem, text.encode() if isinstance(text, str) else text)
    return str(wrong.value).splitlines()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the file is empty"),
        ("# nothing", "line 1: the file is empty"),
        ("- a\n- b", "line 1: the file must be a mapping"),
        (CARD + "lable: x", "line 6: lable: Extra inputs are not permitted"),
        (CARD + "order: high", "line 6: order: Input should be a valid integer"),
        (CARD + "label: Two", "line 6: label: is there twice"),
        (CARD + "key: two", "line 6: key: is not for the file to say"),
        (CARD + "digest: abc", "line 6: digest: is not for the file to say"),
        (CARD + "base_negative: no", "line 6: base_negative: Input should be a valid string"),
        (CARD + "a: [", "line 6: expected the node content"),
        (CARD + "\ta: 1", "line 6: found character '\\\\t'"),
        (CARD + "a: *b", "line 6: found undefined alias"),
        (CARD + "a: !!python/object:os.system {}", "line 6: could not determine a constructor"),
        (CARD + "label: 2024-13-45", "line 6: label: is there twice"),
        ("order: 2024-13-45", "line 1: month must be in"),
        (CARD + "\x00", "line 6: special characters are not allowed"),
        (
            CARD.replace("steps: 4", "steps: 400"),
            "line 5: styles.plain.steps: Input should be less",
        ),
        (
            CARD.replace("steps: 4", "cfg: .inf"),
            "line 5: styles.plain.cfg: Input should be a finite",
        ),
        (CARD.replace("steps: 4", "key: x"), "line 5: styles.plain.key: a style's key is its name"),
        (CARD.replace("steps: 4", "step: 4"), "line 5: styles.plain.step: Extra inputs"),
        (CARD.replace("plain: {", "A b: {"), "line 5: styles.A b.\\[key\\]: String should match"),
        (CARD.replace("style: plain", "style: x"), "line 3: default_style: there is no such style"),
        (CARD.replace("label: One\n", ""), "line 1: label: Field required"),
        (CARD + "checkpoint: ../x.safetensors", "line 6: checkpoint: .*below its folder"),
        (CARD + "checkpoint: /x.safetensors", "line 6: checkpoint: .*below its folder"),
        (CARD + "checkpoint: x.gguf", "line 6: checkpoint: .*must be a .safetensors file"),
        (CARD + "checkpoint: x.ckpt", "line 6: checkpoint: .*pickle files can run code"),
        (
            CARD.replace("steps: 4", "loras: [{file: a.safetensors}, {file: b.pt}]"),
            "line 5: styles.plain.loras.1.file: .*pickle files can run code",
        ),
    ],
)
def test_a_faulty_card_names_line_and_field(text: str, fault: str) -> None:
    (only,) = faults(read_model, text)
    assert re.match(fault, only)


def test_all_faults_of_a_card_are_told_at_once() -> None:
    text = CARD.replace("steps: 4", "steps: x, cfg: y") + "order: z\n"
    fields = [fault.split(": ")[1] for fault in faults(read_model, text)]
    assert fields == ["styles.plain.steps", "styles.plain.cfg", "order"]


@pytest.mark.parametrize("stem", ["One", "a b", ".x", "é", "a/b", "x" * 65])
def test_a_file_whose_name_can_be_no_key_is_refused(stem: str) -> None:
    (only,) = faults(read_model, CARD, stem=stem)
    assert only.startswith("line 1: key: String should")


@pytest.mark.parametrize("stem", ["Aya", "a b", "a.b", "@aya"])
def test_a_file_whose_name_can_follow_no_at_sign_is_refused(stem: str) -> None:
    (only,) = faults(read_character, "trigger: x", stem=stem)
    assert only.startswith("line 1: name: String should match pattern")


def test_an_anchor_may_be_shared() -> None:
    text = CARD.replace("plain: {", "plain: &p {") + "  rich: {label: Rich, <<: *p}\n"
    assert read_model("one", text.encode()).styles["rich"].steps == 4


@pytest.mark.parametrize("text", ["a: &a [*a]", "[" * 5000, "a: " + "{" * 5000])
def test_a_file_that_never_ends_is_a_fault(text: str) -> None:
    assert faults(read_model, text)


def _tenfold(line: str) -> str:
    """Each of eight levels holds the one before it ten times."""
    levels = (line.format(n=n, each=", ".join([f"*k{n - 1}"] * 10)) for n in range(1, 9))
    return "k0: &k0 {a: 1}\n" + "\n".join(levels)


@pytest.mark.parametrize("line", ["k{n}: &k{n} [{each}]", "k{n}: &k{n} {{<<: [{each}]}}"])
def test_anchors_that_multiply_are_a_fault_at_once(line: str) -> None:
    (only,) = faults(read_model, CARD + _tenfold(line))
    assert only == "line 1: the file has more than 100000 parts"


def test_a_card_of_megabytes_is_a_fault_at_once() -> None:
    (only,) = faults(read_model, CARD + "base_negative: " + "x " * 1_000_000)
    assert only == "line 1: the file is larger than 256 KiB"


@pytest.mark.parametrize("more", ['"a\\e\\nb": 1\n', '"a\\e\\nb": 1\n"a\\e\\nb": 1\n'])
def test_a_field_whose_name_has_lines_is_told_in_one(more: str) -> None:
    (only,) = faults(read_model, CARD + more)
    assert r"a\x1b\nb: " in only


def test_of_many_faults_the_first_are_told() -> None:
    unknown = "".join(f"unknown{n}: 1\n" for n in range(500))
    assert len(faults(read_model, CARD + unknown)) == 20


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_is_worse_than_a_fault(source: bytes) -> None:
    for read in (read_model, read_character, read_text, read_template):
        with suppress(ConfigurationError):
            read("one", source)


def test_two_versions_of_a_card_have_two_digests() -> None:
    one, two = (read_model("one", (CARD + more).encode()) for more in ("", "order: 1\n"))
    assert one.digest != two.digest


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"1": {"a": 1},\n "2": }', "expected value at line 2"),
        ("[]", "is not ComfyUI's API format: graph"),
        ('{"nodes": [], "links": []}', "is not ComfyUI's API format: graph.nodes"),
        ("", "EOF"),
        (b"{\n\xff", "line 2: is not UTF-8"),
        ("[" * 100_000, "recursion limit"),
    ],
)
def test_a_faulty_template_is_refused_with_the_reason(text: str | bytes, fault: str) -> None:
    assert fault in faults(read_template, text)[0]


def test_a_text_that_is_not_utf8_names_the_line() -> None:
    assert faults(read_text, b"a\nb\xff") == ["line 2: is not UTF-8"]
