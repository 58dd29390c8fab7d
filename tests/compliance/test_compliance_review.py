"""Reviewers: screening texts, looking at pictures, and failing closed."""

from datetime import timedelta
from pathlib import Path

import pytest
from compliance_samples import DEFAULT, PICTURE, REQUEST, Eyes, House, review

from orchestrator.compliance import Reviewers, Sight
from orchestrator.errors import ReviewFailed
from orchestrator.models import Credits

SHIPPED = Path(__file__).parents[2] / "workflows" / "rulesets"


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
