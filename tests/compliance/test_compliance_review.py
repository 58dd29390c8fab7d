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


# --- pictures -----------------------------------------------------------------------------------


async def test_without_eyes_no_learned_picture_is_safe(house: House) -> None:
    reviewers = house.reviewers()
    assert not reviewers.has_eyes()
    with pytest.raises(ReviewFailed):
        await review(reviewers, PICTURE)


@pytest.mark.parametrize(
    ("accepts", "procedural", "unreviewed"), [(True, False, True), (False, True, False)]
)
async def test_a_verdict_says_whether_nobody_looked(
    house: House, accepts: bool, procedural: bool, unreviewed: bool
) -> None:
    reviewers = house.reviewers(accept_unreviewed=accepts)
    verdict = await review(reviewers, PICTURE, procedural=procedural)
    assert (verdict.safe, verdict.unreviewed) == (True, unreviewed)


async def test_a_reviewer_with_eyes_has_looked(house: House) -> None:
    reviewers = house.reviewers(Eyes(()))
    verdict = await review(reviewers, PICTURE)
    assert (reviewers.has_eyes(), verdict.safe, verdict.unreviewed) == (True, True, False)
    assert "eyes@1" in verdict.reviewers


@pytest.mark.parametrize(("score", "safe"), [(0.7, False), (0.5, True)])
async def test_what_a_reviewer_sees_is_judged_by_the_rules(
    house: House, score: float, safe: bool
) -> None:
    verdict = await review(house.reviewers(Eyes([Sight("odd", score)])), PICTURE)
    assert verdict.safe is safe


async def test_a_sight_below_the_floor_needs_no_rule(house: House) -> None:
    sights = [Sight("anything", 0.1, floor=True)]
    verdict = await review(house.reviewers(Eyes(sights)), PICTURE)
    assert (verdict.safe, verdict.floor) == (False, True)


async def test_one_unsafe_picture_of_several_is_enough(house: House) -> None:
    verdict = await review(house.reviewers(Eyes((), [Sight("odd")], ())), *[PICTURE] * 3)
    assert verdict.rules == ("odd",)


@pytest.mark.parametrize("failure", [RuntimeError("down"), None], ids=["raises", "hangs"])
async def test_a_reviewer_that_fails_once_is_asked_again(
    house: House, failure: Exception | None
) -> None:
    assert (await review(house.reviewers(Eyes(failure, ())), PICTURE)).safe


@pytest.mark.parametrize("failure", [RuntimeError("down"), None], ids=["raises", "hangs"])
async def test_a_reviewer_that_keeps_failing_is_never_a_safe_verdict(
    house: House, failure: Exception | None
) -> None:
    with pytest.raises(ReviewFailed):
        await review(house.reviewers(Eyes(failure)), PICTURE)


@pytest.mark.parametrize("procedural", [True, False])
async def test_a_required_reviewer_that_is_absent_is_never_a_safe_verdict(
    house: House, procedural: bool
) -> None:
    (house.rulesets / "default.yaml").write_text(f"{DEFAULT}requires: [second-sight]\n")
    with pytest.raises(ReviewFailed, match="second-sight"):
        await review(house.reviewers(Eyes(())), PICTURE, procedural=procedural)


async def test_no_picture_is_no_safe_verdict(house: House) -> None:
    with pytest.raises(ReviewFailed):
        await review(house.reviewers(Eyes(())))


@pytest.mark.parametrize("field", ["prompt", "credits"])
async def test_texts_are_judged_again_after_the_run(house: House, field: str) -> None:
    odd = {"prompt": "odd", "credits": Credits(title="odd")}
    request = REQUEST.evolve(**{field: odd[field]})
    verdict = await review(house.reviewers(Eyes(())), PICTURE, request=request)
    assert verdict.rules == ("odd-word",)


async def test_what_another_filter_says_is_not_what_was_asked_for(house: House) -> None:
    request = REQUEST.evolve(precompliance="filter: nothing odd, no nude child")
    assert (await review(house.reviewers(Eyes(())), PICTURE, request=request)).safe


# --- hash lists ---------------------------------------------------------------------------------


def near(digits: str, bits: int) -> str:
    """A hash at that distance."""
    mask = (1 << bits) - 1
    return f"{int(digits, 16) ^ mask:064x}"


HASH = fingerprint(np.asarray(picture())).digits


@pytest.mark.parametrize(("bits", "safe"), [(0, False), (31, False), (32, True)])
async def test_a_known_picture_is_found_within_31_bits(house: House, bits: int, safe: bool) -> None:
    (house.hashes / "list.txt").write_text(f"# a list\n\n{near(HASH, bits)}\n")
    assert (await review(house.reviewers(), PICTURE, procedural=True)).safe is safe


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF"])
async def test_a_known_picture_is_found_in_every_format(house: House, form: str) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    verdict = await review(house.reviewers(), encoded(picture(), form), procedural=True)
    assert verdict.categories == ("Known picture",)


@pytest.mark.parametrize("turn", list(Image.Transpose), ids=lambda turn: turn.name)
async def test_a_known_picture_is_found_turned_or_mirrored(
    house: House, turn: Image.Transpose
) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    turned = encoded(picture().transpose(turn))
    assert not (await review(house.reviewers(), turned, procedural=True)).safe


async def test_other_pictures_are_not_known(house: House) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    assert (await review(house.reviewers(), encoded(picture(2)), procedural=True)).safe


async def test_plain_pictures_match_nothing(house: House) -> None:
    plain = Image.new("RGB", (640, 360), "white")
    (house.hashes / "list.txt").write_text(fingerprint(np.asarray(plain)).digits)
    assert (await review(house.reviewers(), encoded(plain), procedural=True)).safe


async def test_a_hash_of_the_floor_is_the_floor(house: House) -> None:
    (house.hashes / "list.txt").write_text(f"{HASH.upper()}, minors")
    assert (await review(house.reviewers(), PICTURE, procedural=True)).floor


async def test_a_dropped_list_is_used_at_once(house: House) -> None:
    reviewers = house.reviewers()
    before = await review(reviewers, PICTURE, procedural=True)
    (house.hashes / "list.txt").write_text(HASH)
    after = await review(reviewers, PICTURE, procedural=True)
    assert (before.safe, after.safe) == (True, False)
    assert before.reviewers != after.reviewers


async def test_faulty_lines_are_reported_and_the_others_used(house: House) -> None:
    (house.hashes / "list.txt").write_text(f"no hash\n{HASH} known\n")
    reviewers = house.reviewers()
    assert reviewers.faults() == ("list.txt: line 1: is not a hash of 64 hex digits and a label",)
    assert not (await review(reviewers, PICTURE, procedural=True)).safe


async def test_a_picture_that_can_not_be_read_is_not_safe(house: House) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    with pytest.raises(ReviewFailed):
        await review(house.reviewers(), b"no picture", procedural=True)


async def test_a_missing_folder_of_lists_is_an_empty_one(house: House) -> None:
    house.hashes.rmdir()
    assert (await review(house.reviewers(), PICTURE, procedural=True)).safe
