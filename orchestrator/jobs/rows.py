"""Jobs as rows and back: what SQL looks at has a column, everything else is JSON."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from orchestrator.models import Asset, Job, Kept, Plan, Progress, Request, Status, Value, Verdict

KEPT = TypeAdapter(tuple[Kept, ...])
ASSETS = TypeAdapter(tuple[Asset, ...])

Some = TypeVar("Some", bound=Value)


def new_row(job: Job, *, now: float) -> dict[str, Any]:
    return {
        **stage(job, now=now),
        "key_id": job.key_id,
        "dialect": job.dialect,
        "priority": job.priority,
        "checkpoint": job.plan.checkpoint,
        "created": job.created.timestamp(),
        "ready_at": 0.0,  # at once
        "request": job.request.model_dump_json(),
        "plan": job.plan.model_dump_json(),
    }


def stage(job: Job, *, now: float) -> dict[str, Any]:
    """How far a job has come, and the fence: owner and attempt. Whatever is final is finished."""
    finished = job.finished.timestamp() if job.finished else now
    return {
        "id": str(job.id),
        "owner": job.owner,
        "attempt": job.attempt,
        "status": job.status.value,
        "failures": job.failures,
        "finished": finished if job.status.final else None,
        "progress": _json(job.progress),
        "error": job.error,
        "reason": job.reason,
        "verdict": _json(job.verdict),
        "kept": KEPT.dump_json(job.kept).decode(),
        "assets": ASSETS.dump_json(job.assets).decode(),
        "pictures": _pictures(job),
    }


def _pictures(job: Job) -> str:
    """What of a job lies in storage when it has ended."""
    if job.assets:
        return "safe" if job.safe else "blocked"
    cut_short = job.status.final and job.status is not Status.COMPLETED
    return "spool" if job.kept or cut_short else ""  # what is kept is written before it is told


def job_of(row: dict[str, Any]) -> Job:
    return Job(
        id=row["id"],
        key_id=row["key_id"],
        dialect=row["dialect"],
        status=row["status"],
        priority=row["priority"],
        created=moment(row["created"]),
        owner=row["owner"],
        attempt=row["attempt"],
        failures=row["failures"],
        finished=None if row["finished"] is None else moment(row["finished"]),
        error=row["error"],
        reason=row["reason"],
        request=Request.model_validate_json(row["request"]),
        plan=Plan.model_validate_json(row["plan"]),
        progress=_parsed(Progress, row["progress"]),
        verdict=_parsed(Verdict, row["verdict"]),
        kept=KEPT.validate_json(row["kept"]),
        assets=ASSETS.validate_json(row["assets"]),
    )


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _json(value: Value | None) -> str | None:
    return value.model_dump_json() if value else None


def _parsed(kind: type[Some], text: str | None) -> Some | None:
    return kind.model_validate_json(text) if text else None
