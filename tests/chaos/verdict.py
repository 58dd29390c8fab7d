"""What has become of the jobs: lost, stuck, doubled, or as promised."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

IMAGES = 2  # of a job: the picture and its thumbnail


@dataclass(frozen=True)
class Verdict:
    jobs: int
    lost: list[str]  # accepted, and ended otherwise than COMPLETED
    stuck: list[str]  # accepted, and never ended
    refused: int  # never accepted
    doubled: list[str]  # files that no job names, or more than one
    missing: list[str]  # files that a job names and nobody has

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost or self.stuck or self.refused or self.doubled or self.missing)


def judge(
    jobs: int,
    accepted: Mapping[str, str],
    ended: Mapping[str, Mapping[str, Any]],
    stored: Iterable[str],
) -> Verdict:
    """`accepted` is name of the request -> job id, `ended` is job id -> its last status."""
    files = set(stored)
    completed = {job: status for job, status in ended.items() if status["status"] == "COMPLETED"}
    named = Counter(
        image["filename"] for status in completed.values() for image in status["meta"]["images"]
    )
    shared = [name for name, jobs_of_it in named.items() if jobs_of_it > 1]
    odd = [job for job, status in completed.items() if len(status["meta"]["images"]) != IMAGES]
    return Verdict(
        jobs=jobs,
        lost=[job for job in ended if job not in completed],
        stuck=[job for job in accepted.values() if job not in ended],
        refused=jobs - len(accepted),
        doubled=[*sorted(files - named.keys()), *shared, *odd],
        missing=sorted(named.keys() - files),
    )
