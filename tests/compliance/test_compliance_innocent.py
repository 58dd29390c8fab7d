"""Innocent requests pass the floor and both rulesets that come with the product."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.compliance import floor
from orchestrator.compliance.polarity import read
from orchestrator.compliance.rulesets import Ruleset, Rulesets

WORKFLOWS = Path(__file__).parents[2] / "workflows"
PROMPTS = (Path(__file__).parent / "innocent.txt").read_text().splitlines()
CARDS = [*WORKFLOWS.glob("characters/*.yaml"), *WORKFLOWS.glob("models/*.yaml")]
BOILERPLATE = "nsfw, nude, child, lowres, bad anatomy, extra fingers, watermark, text, gore, blood"


def strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        parts = content.values() if isinstance(content, dict) else content
        yield from (text for part in parts for text in strings(part))


@pytest.fixture(scope="module", params=["default", "strict"])
def ruleset(request: pytest.FixtureRequest) -> Ruleset:
    rulesets = Rulesets(WORKFLOWS / "rulesets")
    rulesets.look()
    assert request.param in rulesets.names()
    return rulesets.get(request.param)


def findings(texts: dict[str, str], ruleset: Ruleset) -> list[Any]:
    return [*floor.judge(texts), *ruleset.read(read(texts).wanted)]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_an_innocent_prompt_passes(prompt: str, ruleset: Ruleset) -> None:
    assert not findings({"prompt": prompt}, ruleset)


@pytest.mark.parametrize("prompt", PROMPTS[::10])
def test_what_is_kept_out_is_no_reason_to_refuse(prompt: str, ruleset: Ruleset) -> None:
    assert not findings({"prompt": prompt, "negative": BOILERPLATE}, ruleset)


def test_the_words_of_the_random_builder_pass_together(ruleset: Ruleset) -> None:
    words = yaml.safe_load((WORKFLOWS / "prompts" / "random.yaml").read_text())
    assert not findings({"prompt": ", ".join(strings(words))}, ruleset)


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.stem)
def test_cards_that_come_with_the_product_pass(card: Path, ruleset: Ruleset) -> None:
    content = yaml.safe_load(card.read_text())
    negatives = {key: content.pop(key, "") for key in ("negative", "base_negative")}
    assert not findings({"prompt": ", ".join(strings(content)), **negatives}, ruleset)
