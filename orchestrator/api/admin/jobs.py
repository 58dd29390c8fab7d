"""Jobs, verdicts and the queue as operators see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.models import Job, Lane, Model, Ruling, Verdict

LONGEST_PROMPT = 160  # characters that are shown


@dataclass(frozen=True)
class JobRow:
    id: UUID
    key: str
    model: str
    prompt: str
    status: str
    final: bool
    progress: str
    seconds: float  # from its acceptance to its end, or until now
    verdict: Verdict | None
    reason: str  # why it failed or was blocked
    has_picture: bool  # that may be shown

    @property
    def text(self) -> str:
        """What a search looks into; ids as they are and as callers know them."""
        ids = f"{self.id} {self.id.hex}"
        return f"{ids} {self.key} {self.model} {self.status} {self.prompt} {self.reason}"


def job_row(job: Job, keys: Mapping[str, str], *, now: datetime) -> JobRow:
    """`keys` are names by id."""
    verdict = job.verdict
    return JobRow(
        id=job.id,
        key=keys.get(job.key_id, job.key_id),
        model=job.plan.model,
        prompt=_prompt(job),
        status=job.status,
        final=job.status.final,
        progress=f"{job.progress.step} of {job.progress.steps}" if job.progress else "",
        seconds=max(0.0, ((job.finished or now) - job.created).total_seconds()),
        verdict=verdict,
        reason=job.error if verdict is None or verdict.safe else _why(verdict),
        has_picture=job.cleared,
    )


def _prompt(job: Job) -> str:
    if job.verdict is not None and job.verdict.floor:
        return "(not shown)"
    raw = job.plan.raw
    return raw if len(raw) <= LONGEST_PROMPT else f"{raw[:LONGEST_PROMPT]}…"


def _why(verdict: Verdict) -> str:
    return "; ".join(
        dict.fromkeys(f"{found.category} ({found.rule})" for found in verdict.findings)
    )


@dataclass(frozen=True)
class RulingRow:
    id: UUID
    key: str
    at: datetime
    ruleset: str
    reason: str
    reviewers: str
    floor: bool

    @property
    def text(self) -> str:
        ids = f"{self.id} {self.id.hex}"
        return f"{ids} {self.key} {self.ruleset} {self.reason} {self.reviewers}"


def ruling_row(ruling: Ruling, keys: Mapping[str, str]) -> RulingRow:
    verdict = ruling.verdict
    return RulingRow(
        id=ruling.job_id,
        key=keys.get(ruling.key_id, ruling.key_id),
        at=verdict.at,
        ruleset=verdict.ruleset,
        reason=_why(verdict),
        reviewers=", ".join(dict.fromkeys(found.reviewer for found in verdict.findings)),
        floor=verdict.floor,
    )


@dataclass(frozen=True)
class LaneRow:
    models: str  # that are drawn with the checkpoint
    checkpoint: str
    waiting: int
    running: int
    oldest: float | None  # seconds that the oldest of those that wait has waited

    @property
    def text(self) -> str:
        return f"{self.models} {self.checkpoint}"


def lane_rows(lanes: Sequence[Lane], models: Mapping[str, Model], now: datetime) -> list[LaneRow]:
    by_checkpoint: dict[str, list[str]] = {}
    for model in models.values():
        by_checkpoint.setdefault(model.checkpoint, []).append(model.key)
    return [
        LaneRow(
            models=", ".join(by_checkpoint.get(lane.checkpoint, ["no longer served"])),
            checkpoint=lane.checkpoint,
            waiting=lane.waiting,
            running=lane.running,
            oldest=max(0.0, (now - lane.oldest).total_seconds()) if lane.oldest else None,
        )
        for lane in lanes
    ]
