"""What reviewers find and decide."""

from datetime import datetime

from orchestrator.models.value import Value


class Finding(Value):
    rule: str
    category: str
    reviewer: str
    score: float = 1.0


class Verdict(Value):
    safe: bool
    ruleset: str
    ruleset_digest: str
    reviewers: tuple[str, ...]  # name@version of everybody who looked
    findings: tuple[Finding, ...] = ()
    floor: bool = False  # sexual content with minors: purged, never released
    unreviewed: bool = False  # the operator accepts pictures that nobody looked at
    at: datetime

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f.category for f in self.findings))

    @property
    def message(self) -> str:
        return f"Content blocked — flagged for: {', '.join(self.categories)}"

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f.rule for f in self.findings))
