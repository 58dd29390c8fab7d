"""What operators see of the jobs."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from orchestrator.models.job import Job
from orchestrator.models.review import Verdict
from orchestrator.models.value import Value


class Lane(Value):
    """The jobs for one checkpoint that have not ended."""

    checkpoint: str  # empty: they need none
    waiting: int = 0
    running: int = 0
    oldest: datetime | None = None  # of those that wait


class Ruling(Value):
    """A verdict, and on what."""

    job_id: UUID
    key_id: str
    verdict: Verdict


class Judged(Value):
    """The verdicts on the jobs that ended last."""

    ended: int = 0  # jobs
    safe: int = 0
    unreviewed: int = 0  # of those that are safe: nobody looked at the picture
    blocked: int = 0
    categories: Mapping[str, int] = {}  # of what was blocked, most frequent first
    latest: tuple[Ruling, ...] = ()  # that blocked, newest first


class Overview(Value):
    at: datetime
    lanes: tuple[Lane, ...] = ()
    pace: float | None = None  # seconds from the end of one job to that of the next; None: unknown
    jobs: tuple[Job, ...] = ()  # that run, those that wait and are next, those that ended last
    judged: Judged = Judged()

    @property
    def waiting(self) -> int:
        return sum(lane.waiting for lane in self.lanes)

    @property
    def running(self) -> int:
        return sum(lane.running for lane in self.lanes)

    @property
    def wait(self) -> float | None:
        """Seconds until all that wait now will have ended, estimated."""
        return None if self.pace is None else self.pace * self.waiting


class Room(Value):
    """What is left of a disk that jobs fill."""

    folder: str
    free: int | None  # bytes; None: it can't be reached
    least: int  # bytes; with less, no job is accepted

    @property
    def enough(self) -> bool:
        return self.free is not None and self.free > self.least
