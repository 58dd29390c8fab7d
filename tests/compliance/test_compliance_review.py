"""Reviewers: screening texts, looking at pictures, and failing closed."""

import asyncio
import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from comfy_nodes.marks.fingerprint import fingerprint
from orchestrator.compliance import PictureReviewer, Reviewers, Sight
from orchestrator.errors import ReviewFailed
from orchestrator.models import Credits, Request, Texts, Verdict

SHIPPED = Path(__file__).parents[2] / "workflows" / "rulesets"
REQUEST = Request(prompt="@aya red coat, snowy street, -umbrella", seed=1)
TEXTS = Texts(positive="red coat, snowy street", negative="umbrella")

DEFAULT = """\
label: Default
categories: {odd: Odd, known: Known picture}
rules:
  - {id: odd, category: odd, reviewer: eyes, threshold: 0.6}
  - {id: known, category: known, reviewer: pdq}
  - {id: odd-word, category: odd, terms: [odd]}
"""


class Eyes:
    """A reviewer that does what its test tells it, one behaviour a look."""

    name, version, has_eyes, faults = "eyes", "1", True, ()

    def __init__(self, *behaviours: Sequence[Sight] | Exception | None) -> None:
        self.behaviours = list(behaviours)

    async def judge(self, picture: bytes) -> Sequence[Sight]:
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        if behaviour is None:
            await asyncio.Event().wait()
        if isinstance(behaviour, Exception):
            raise behaviour
        return behaviour or ()


class House:
    def __init__(self, folder: Path) -> None:
        self.rulesets, self.hashes = folder / "rulesets", folder / "hashes"
        self.rulesets.mkdir()
        self.hashes.mkdir()
        (self.rulesets / "default.yaml").write_text(DEFAULT)

    def reviewers(self, *others: PictureReviewer, accept_unreviewed: bool = False) -> Reviewers:
        return Reviewers(
            self.rulesets,
            hash_lists=self.hashes,
            accept_unreviewed=accept_unreviewed,
            time_limit=timedelta(seconds=0.05 if others else 30),
            others=others,
        )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def picture(seed: int = 1) -> Image.Image:
    """Soft blobs: enough going on for a trustworthy hash."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return Image.fromarray(noise).resize((640, 360), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


PICTURE = encoded(picture())


async def review(
    reviewers: Reviewers, *pictures: bytes, procedural: bool = False, request: Request = REQUEST
) -> Verdict:
    return await reviewers.review(pictures, request=request, texts=TEXTS, procedural=procedural)


# --- texts --------------------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path: Path) -> Reviewers:
    return Reviewers(
        SHIPPED,
        hash_lists=tmp_path,
        accept_unreviewed=False,
        time_limit=timedelta(seconds=30),
    )


async def test_a_neutral_prompt_is_safe(shipped: Reviewers) -> None:
    verdict = await shipped.screen({"prompt": REQUEST.prompt}, ruleset="default")
    assert (verdict.safe, verdict.findings, len(verdict.ruleset_digest)) == (True, (), 64)


async def test_a_blocked_prompt_names_rules_and_categories(shipped: Reviewers) -> None:
    verdict = await shipped.screen({"prompt": "gore, self harm"}, ruleset="default")
    assert verdict.message == "Content blocked — flagged for: Graphic violence, Self-harm"
    assert (verdict.safe, verdict.rules) == (False, ("gore", "self-harm"))


@pytest.mark.parametrize("ruleset", ["default", "strict", "unknown"])
async def test_the_floor_holds_in_every_ruleset(shipped: Reviewers, ruleset: str) -> None:
    verdict = await shipped.screen({"prompt": "nude", "cs_title": "child"}, ruleset=ruleset)
    assert (verdict.safe, verdict.floor) == (False, True)
    assert verdict.categories[0] == "Sexual content involving minors"


async def test_only_the_floor_is_called_the_floor(shipped: Reviewers) -> None:
    assert not (await shipped.screen({"prompt": "gore"}, ruleset="default")).floor


async def test_adults_are_the_rulesets_business(shipped: Reviewers) -> None:
    texts = {"prompt": "nude woman, classical oil painting"}
    assert (await shipped.screen(texts, ruleset="default")).safe
    assert not (await shipped.screen(texts, ruleset="strict")).safe


async def test_texts_too_long_to_judge_are_not_judged(shipped: Reviewers) -> None:
    with pytest.raises(ReviewFailed):
        await shipped.screen({"prompt": "a" * 100_001}, ruleset="default")


async def test_a_changed_ruleset_is_in_force_at_once(house: House) -> None:
    reviewers = house.reviewers()
    before = await reviewers.screen({"prompt": "a strange word"}, ruleset="default")
    (house.rulesets / "default.yaml").write_text(DEFAULT.replace("[odd]", "[strange]"))
    after = await reviewers.screen({"prompt": "a strange word"}, ruleset="default")
    assert (before.safe, after.safe) == (True, False)
    assert before.ruleset_digest != after.ruleset_digest


@pytest.mark.parametrize(
    ("named", "allowed", "used"),
    [
        ("strict", {"default", "strict"}, "strict"),
        ("strict", {"default"}, "default"),
        ("lax", {"default", "lax"}, "default"),
        ("", {"default"}, "default"),
        ("../default", {"default"}, "default"),
        ("default", {"strict"}, "strict"),
        ("default", set(), "default"),
    ],
)
def test_callers_do_not_choose_their_policy(
    shipped: Reviewers, named: str, allowed: set[str], used: str
) -> None:
    assert shipped.resolve(named, allowed=frozenset(allowed)) == used
