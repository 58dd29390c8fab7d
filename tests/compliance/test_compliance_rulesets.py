"""Rulesets: what they find, how they build on each other, and what happens to faulty files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compliance.normalise import fold
from orchestrator.compliance.rulesets import Rule, Ruleset, Rulesets
from orchestrator.errors import ReviewFailed

SHIPPED = Path(__file__).parents[2] / "workflows" / "rulesets"

DEFAULT = """\
label: Default
categories:
  ships: Ships
rules:
  - id: boats
    category: ships
    terms: [rowing boat, submarin*]
    patterns: ['\\btug ?boats?\\b']
    unless: [gravy submarine]
  - id: seen
    category: ships
    reviewer: classifier
    threshold: 0.8
  - id: seen-galley
    category: ships
    reviewer: classifier
    labels: [galley]
    threshold: 0.3
"""
CHILD = """\
label: Child
categories:
  trains: Trains
  ships: Vessels
rules:
  - {id: engines, category: trains, terms: [steam engine]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "default.yaml").write_text(DEFAULT)
    return tmp_path


def load(folder: Path) -> Rulesets:
    rulesets = Rulesets(folder)
    rulesets.look()
    return rulesets


def rules_found(ruleset: Ruleset, text: str) -> list[str]:
    return [finding.rule for finding in ruleset.read(fold(text))]


@pytest.mark.parametrize(
    "text",
    ["a rowing boat", "ROWING  BOATS", "r0wing-b0at", "r o w i n g b o a t", "roẃing boát",
     "a submarine", "submarines", "tugboat", "two tug boats"],
)  # fmt: skip
def test_terms_and_patterns_are_found(folder: Path, text: str) -> None:
    assert rules_found(load(folder).get("default"), text) == ["boats"]


@pytest.mark.parametrize("text", ["a boat", "rowing", "tug", "gravy submarine", "minisubmarine"])
def test_other_words_are_not(folder: Path, text: str) -> None:
    assert rules_found(load(folder).get("default"), text) == []


@given(st.lists(st.text("\u200b\u00ad\u0301\ufe0f", max_size=2), min_size=11, max_size=11))
def test_invisible_characters_hide_no_term(between: list[str]) -> None:
    rule = Rule(id="boats", category="ships", terms=("rowing boat",))
    text = "".join(f"{letter}{noise}" for letter, noise in zip("r0wing bo4t", between, strict=True))
    assert rule.has_term(fold(text))


@given(st.text(max_size=500))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_findings_carry_the_category_that_callers_see(folder: Path) -> None:
    (finding,) = load(folder).get("default").read("a rowing boat")
    assert (finding.category, finding.reviewer) == ("Ships", "text")


@pytest.mark.parametrize(
    ("label", "score", "rule"),
    [("yacht", 0.9, "seen"), ("yacht", 0.7, None), ("galley", 0.4, "seen-galley"),
     ("galley", 0.2, None)],
)  # fmt: skip
def test_a_sight_is_held_against_the_threshold_of_its_rule(
    folder: Path, label: str, score: float, rule: str | None
) -> None:
    found = load(folder).get("default").rule("classifier", label, score)
    assert (found.id if found else None) == rule


def shipped_terms() -> list[object]:
    rulesets = load(SHIPPED)
    return [
        pytest.param(name, rule.id, term, id=f"{name}: {term}")
        for name in sorted(rulesets.names())
        for rule in rulesets.get(name).rules
        for term in rule.terms
    ]


@pytest.mark.parametrize(("name", "rule", "term"), shipped_terms())
def test_every_shipped_term_is_found(name: str, rule: str, term: str) -> None:
    assert rule in rules_found(SHIPPED_RULESETS.get(name), f"a {term.rstrip('*')}, red coat")


SHIPPED_RULESETS = load(SHIPPED)


def test_shipped_rulesets_have_no_fault() -> None:
    assert SHIPPED_RULESETS.faults == ()


def test_strict_blocks_what_default_blocks() -> None:
    default, strict = SHIPPED_RULESETS.get("default"), SHIPPED_RULESETS.get("strict")
    assert set(default.rules) < set(strict.rules)


def test_every_ruleset_builds_on_default(folder: Path) -> None:
    (folder / "child.yaml").write_text(CHILD)
    child = load(folder).get("child")
    assert rules_found(child, "rowing boat, steam engine") == ["boats", "engines"]


def test_a_category_can_be_renamed(folder: Path) -> None:
    (folder / "child.yaml").write_text(CHILD)
    assert load(folder).get("child").read("rowing boat")[0].category == "Vessels"


def test_an_inherited_rule_can_be_put_out_of_force(folder: Path) -> None:
    (folder / "child.yaml").write_text(
        f"{CHILD}  - {{id: boats, category: ships, action: ignore}}\n"
    )
    assert rules_found(load(folder).get("child"), "rowing boat") == []


def test_required_reviewers_are_inherited(folder: Path) -> None:
    (folder / "default.yaml").write_text(f"{DEFAULT}requires: [pdq]\n")
    (folder / "child.yaml").write_text(f"{CHILD}requires: [classifier]\n")
    assert load(folder).get("child").requires == {"pdq", "classifier"}


def test_a_grandchild_builds_on_both(folder: Path) -> None:
    (folder / "child.yaml").write_text(CHILD)
    (folder / "grandchild.yaml").write_text("label: Grandchild\nextends: child\n")
    grandchild = load(folder).get("grandchild")
    assert rules_found(grandchild, "rowing boat, steam engine") == ["boats", "engines"]


def test_the_digest_changes_with_the_parent(folder: Path) -> None:
    (folder / "child.yaml").write_text(CHILD)
    rulesets = load(folder)
    before = rulesets.get("child").digest
    (folder / "default.yaml").write_text(f"{DEFAULT}# changed\n")
    rulesets.look()
    assert rulesets.get("child").digest != before


def test_an_unknown_ruleset_is_default(folder: Path) -> None:
    assert load(folder).get("unknown").name == "default"


FAULTS = {
    "unknown field": ("label: X\ncolour: red\n", "line 2: colour"),
    "no label": ("extends: default\n", "line 1: label"),
    "not YAML": ("label: [\n", "line 2"),
    "not a mapping": ("- label\n", "line 1"),
    "rule without category": ("label: X\nrules:\n  - id: a\n    terms: [bb]\n", "line 3: rules.0"),
    "bad action": (
        "label: X\nrules:\n  - id: a\n    category: ships\n    terms: [bb]\n    action: warn\n",
        "line 6: rules.0.action",
    ),
    "bad pattern": (
        "label: X\nrules:\n  - id: a\n    category: ships\n    patterns:\n      - '('\n",
        "line 6: rules.0.patterns.0",
    ),
    "term without letters": (
        "label: X\nrules:\n  - id: a\n    category: ships\n    terms: [bb, '**']\n",
        "line 5: rules.0.terms.1",
    ),
    "threshold of a text rule": (
        "label: X\nrules:\n  - id: a\n    category: ships\n    terms: [bb]\n    threshold: 0.3\n",
        "line 6: rules.0.threshold",
    ),
    "terms of a picture rule": (
        "label: X\nrules:\n  - id: a\n    category: ships\n    reviewer: pdq\n    terms: [bb]\n",
        "line 6: rules.0.terms",
    ),
    "text rule without terms": (
        "label: X\nrules:\n  - id: a\n    category: ships\n",
        "line 3: rules.0.terms",
    ),
    "a rule twice": (
        "label: X\nrules:\n  - {id: a, category: ships, terms: [bb]}\n"
        "  - {id: a, category: ships, terms: [cc]}\n",
        "line 4: rules.1.id",
    ),
    "unknown category": (
        "label: X\nrules:\n  - id: a\n    category: nowhere\n    terms: [bb]\n",
        "line 4: category",
    ),
    "unknown parent": ("label: X\nextends: nowhere\n", "line 2: extends"),
    "extends itself": ("label: X\nextends: wrong\n", "line 2: extends"),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_names_file_line_and_field(folder: Path, text: str, fault: str) -> None:
    (folder / "wrong.yaml").write_text(text)
    (said,) = load(folder).faults
    assert "wrong.yaml" in said and fault in said


def test_a_circle_is_a_fault(folder: Path) -> None:
    (folder / "one.yaml").write_text("label: One\nextends: two\n")
    (folder / "two.yaml").write_text("label: Two\nextends: one\n")
    rulesets = load(folder)
    assert rulesets.names() == {"default"}
    assert all("circle" in fault for fault in rulesets.faults)


@pytest.mark.parametrize("wrong", ["label: [", "label: X\nextends: nowhere\n", None])
def test_the_last_good_version_stays_in_force(folder: Path, wrong: str | None) -> None:
    child = folder / "child.yaml"
    child.write_text(CHILD)
    rulesets = load(folder)
    good = rulesets.get("child")
    child.unlink() if wrong is None else child.write_text(wrong)
    rulesets.look()
    assert rulesets.get("child") == good
    assert "child.yaml" in rulesets.faults[0]


def test_a_repaired_file_is_in_force_and_no_fault(folder: Path) -> None:
    child = folder / "child.yaml"
    child.write_text("label: [")
    rulesets = load(folder)
    child.write_text(CHILD)
    rulesets.look()
    assert ("child" in rulesets.names(), rulesets.faults) == (True, ())


@pytest.mark.parametrize("default", ["label: [", None])
def test_without_a_usable_default_nothing_is_judged(tmp_path: Path, default: str | None) -> None:
    if default:
        (tmp_path / "default.yaml").write_text(default)
    with pytest.raises(ReviewFailed):
        load(tmp_path).get("default")
