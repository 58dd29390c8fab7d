"""What has become of the jobs: lost, stuck, doubled, or as promised."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FATES = ("lost", "stuck", "doubled", "missing", "spooled")
IMAGES = 2  # of a job: the picture and its thumbnail


@dataclass(frozen=True)
class Verdict:
    jobs: int
    lost: list[str]  # accepted, and ended otherwise than COMPLETED
    stuck: list[str]  # accepted, and never ended
    refused: int  # never accepted
    doubled: list[str]  # files that no job names, or more than one
    missing: list[str]  # files that a job names and nobody has
    spooled: list[str]  # unsigned pictures that were left behind

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return not (self.refused or any(getattr(self, fate) for fate in FATES))


def judge(
    jobs: int,
    accepted: Mapping[str, str],
    ended: Mapping[str, Mapping[str, Any]],
    stored: Mapping[str, Iterable[str]],
) -> Verdict:
    """`accepted` is name of the request -> job id, `ended` is job id -> its last status, `stored`
    is prefix of the storage -> file names."""
    files = set(stored["assets"])
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
        spooled=sorted(stored["spool"]),
    )
