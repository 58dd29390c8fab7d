"""Judges texts before a run and pictures after it. What can't be judged is never safe."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from orchestrator.compliance import floor
from orchestrator.compliance.hash_lists import HashLists
from orchestrator.compliance.pictures import PictureReviewer, Sight
from orchestrator.compliance.polarity import read
from orchestrator.compliance.rulesets import DEFAULT, TEXT, Ruleset, Rulesets
from orchestrator.errors import ReviewFailed
from orchestrator.models import Finding, Request, Texts, Verdict

log = logging.getLogger(__name__)

LONGEST = 100_000  # characters of all texts together
TRIES = 2  # of each reviewer at each picture
READERS = tuple(f"{reader}@{version('imgen')}" for reader in (floor.REVIEWER, TEXT))


class Reviewers:
    """The floor, the rulesets' text rules and the reviewers of pictures."""

    def __init__(
        self,
        rulesets: Path,
        *,
        hash_lists: Path,
        accept_unreviewed: bool,
        time_limit: timedelta,
        others: Sequence[PictureReviewer] = (),
    ) -> None:
        """`time_limit` is for one look of one reviewer at one picture. Blocks."""
        self._rulesets = Rulesets(rulesets)
        self._rulesets.look()
        self._reviewers: tuple[PictureReviewer, ...] = (HashLists(hash_lists), *others)
        self._accept_unreviewed = accept_unreviewed
        self._time_limit = time_limit
        self._reported: frozenset[str] = frozenset()

    def faults(self) -> tuple[str, ...]:
        """Faulty rulesets and hash lists, as of the last time that they were used."""
        others = (fault for reviewer in self._reviewers for fault in reviewer.faults)
        return (*self._rulesets.faults, *others)

    def has_eyes(self) -> bool:
        return self._accept_unreviewed or self.somebody_looks()

    def somebody_looks(self) -> bool:
        """Whether a reviewer is there who sees what is in a picture."""
        return any(reviewer.has_eyes for reviewer in self._reviewers)

    def resolve(self, ruleset: str, *, allowed: frozenset[str]) -> str:
        """The ruleset of that name if it exists and may be named, else `default`; for those who
        may not even use that, one that they may."""
        usable = allowed & self._rulesets.names()
        if ruleset in usable:
            return ruleset
        return DEFAULT if DEFAULT in allowed or not usable else min(usable)

    async def screen(self, texts: Mapping[str, str], *, ruleset: str) -> Verdict:
        policy, findings = await asyncio.to_thread(self._read, texts, ruleset)
        return _verdict(policy, READERS, findings)

    async def review(
        self, pictures: Sequence[bytes], *, request: Request, texts: Texts, procedural: bool
    ) -> Verdict:
        policy, findings = await asyncio.to_thread(
            self._read, request.strings(texts), request.ruleset
        )
        self._insist_on_reviewers(policy, procedural=procedural)
        if not pictures:
            raise ReviewFailed(detail="there is no picture")
        for reviewer, sights in await self._look_at(pictures):
            findings += _weigh(sights, reviewer.name, policy)
        names = (*READERS, *(f"{each.name}@{each.version}" for each in self._reviewers))
        verdict = _verdict(policy, names, findings)
        return verdict.evolve(unreviewed=not procedural and not self.somebody_looks())

    def _read(self, texts: Mapping[str, str], ruleset: str) -> tuple[Ruleset, list[Finding]]:
        """The policy as it is now, and what the texts have against it. Blocks."""
        if sum(map(len, texts.values())) > LONGEST:
            raise ReviewFailed(detail=f"more than {LONGEST} characters")
        self._rulesets.look()
        self._report_faults()
        policy = self._rulesets.get(ruleset)
        return policy, [*floor.judge(texts), *policy.read(read(texts).wanted)]

    def _report_faults(self) -> None:
        former, self._reported = self._reported, frozenset(self.faults())
        for fault in sorted(self._reported - former):
            log.warning("%s", fault)

    def _insist_on_reviewers(self, policy: Ruleset, *, procedural: bool) -> None:
        absent = policy.requires - {reviewer.name for reviewer in self._reviewers}
        if absent:
            names = ", ".join(sorted(absent))
            raise ReviewFailed(detail=f"ruleset {policy.name} requires what is not there: {names}")
        if not procedural and not self.has_eyes():
            raise ReviewFailed(detail="nobody looks at pictures of learned models")

    async def _look_at(
        self, pictures: Sequence[bytes]
    ) -> list[tuple[PictureReviewer, Sequence[Sight]]]:
        """Everybody looks at every picture, at the same time."""
        pairs = [(reviewer, picture) for reviewer in self._reviewers for picture in pictures]
        sights = await asyncio.gather(*(self._look(*pair) for pair in pairs))
        return [(reviewer, seen) for (reviewer, _), seen in zip(pairs, sights, strict=True)]

    async def _look(self, reviewer: PictureReviewer, picture: bytes) -> Sequence[Sight]:
        failures: list[str] = []
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(self._time_limit.total_seconds()):
                    return await reviewer.judge(picture)
            except Exception as error:  # noqa: BLE001  whatever it is, nobody has judged
                failures.append(repr(error))
        raise ReviewFailed(detail=f"{reviewer.name}: {'; '.join(failures)}")


def _weigh(sights: Sequence[Sight], reviewer: str, policy: Ruleset) -> list[Finding]:
    findings: list[Finding] = []
    for sight in sights:
        rule = policy.rule(reviewer, sight.label, sight.score)
        if sight.floor:
            findings.append(floor.finding(floor.RULE, reviewer=reviewer, score=sight.score))
        elif rule:
            findings.append(policy.finding(rule, score=sight.score))
    return findings


def _verdict(policy: Ruleset, reviewers: Sequence[str], findings: Sequence[Finding]) -> Verdict:
    return Verdict(
        safe=not findings,
        ruleset=policy.name,
        ruleset_digest=policy.digest,
        reviewers=tuple(reviewers),
        findings=tuple(dict.fromkeys(findings)),
        floor=any(finding.category == floor.CATEGORY for finding in findings),
        at=datetime.now(UTC),
    )
