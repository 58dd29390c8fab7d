"""How the jobs of the whole service stand, for operators: a recent look, of bounded cost."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from uuid import UUID

from pydantic import ValidationError

from orchestrator.jobs.database import Database, Row
from orchestrator.jobs.outlook import pace
from orchestrator.jobs.rows import job_of, moment
from orchestrator.models import Job, Judged, Lane, Overview, Ruling, Status, Verdict
from orchestrator.recent import Recent

log = logging.getLogger(__name__)

LOOKED = 1.0  # seconds for which a look is good
JOBS = 50  # of each: that run, that are next, that ended last
ENDS = 1000  # jobs whose verdicts are counted
RULINGS = 50

LANES = """
SELECT checkpoint, status, count(*) AS jobs, min(created) AS oldest FROM jobs
WHERE status IN ('IN_QUEUE', 'IN_PROGRESS') GROUP BY checkpoint, status
"""

RUNNING = "SELECT * FROM jobs WHERE status = 'IN_PROGRESS' ORDER BY claimed DESC LIMIT :most"

# The order within the index first, so that only few whole rows are read.
NEXT = """
SELECT * FROM jobs WHERE id IN (
    SELECT id FROM jobs WHERE status = 'IN_QUEUE' ORDER BY priority DESC, created LIMIT :most
)
ORDER BY priority DESC, created
"""

ENDED = "SELECT * FROM jobs WHERE finished IS NOT NULL ORDER BY finished DESC LIMIT :most"

VERDICTS = """
SELECT id, key_id, verdict FROM jobs
WHERE finished IS NOT NULL ORDER BY finished DESC LIMIT :most
"""


class Overviews:
    """However often it is asked, it looks only now and then."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._recent = Recent(self.look, lasting=LOOKED, clock=clock)

    async def overview(self) -> Overview:
        """Raises Unavailable."""
        return await self._recent.get()

    async def look(self) -> Overview:
        """How they stand this very moment."""
        now = self._clock()
        return Overview(
            at=moment(now),
            lanes=_lanes(await self._database.read(LANES)),
            pace=await pace(self._database, now=now),
            jobs=tuple([job for sql in (RUNNING, NEXT, ENDED) for job in await self._jobs(sql)]),
            judged=await self._judged(),
        )

    async def _judged(self) -> Judged:
        rows = await self._database.read(VERDICTS, {"most": ENDS})
        return await asyncio.to_thread(_judged, rows)

    async def _jobs(self, sql: str) -> list[Job]:
        rows = await self._database.read(sql, {"most": JOBS})
        return list(_readable(rows))


def _readable(rows: Iterable[Row]) -> Iterator[Job]:
    for row in rows:
        try:
            yield job_of(row)
        except ValidationError:  # its text would show the prompt
            log.warning("job %s is not shown: another version wrote it", row["id"])


def _lanes(rows: Sequence[Row]) -> tuple[Lane, ...]:
    """The one with most to do first."""
    lanes: dict[str, Lane] = {}
    for row in rows:
        lane = lanes.get(row["checkpoint"], Lane(checkpoint=row["checkpoint"]))
        if row["status"] == Status.IN_QUEUE:
            lane = lane.evolve(waiting=row["jobs"], oldest=moment(row["oldest"]))
        else:
            lane = lane.evolve(running=row["jobs"])
        lanes[lane.checkpoint] = lane
    return tuple(sorted(lanes.values(), key=lambda lane: (-lane.waiting, -lane.running)))


def _judged(rows: Sequence[Row]) -> Judged:
    rulings = [
        Ruling(
            job_id=UUID(row["id"]),
            key_id=row["key_id"],
            verdict=Verdict.model_validate_json(row["verdict"]),
        )
        for row in rows
        if row["verdict"]
    ]
    blocked = [ruling for ruling in rulings if not ruling.verdict.safe]
    categories = Counter(name for ruling in blocked for name in ruling.verdict.categories)
    return Judged(
        ended=len(rows),
        safe=len(rulings) - len(blocked),
        unreviewed=sum(ruling.verdict.unreviewed for ruling in rulings if ruling.verdict.safe),
        blocked=len(blocked),
        categories=dict(categories.most_common()),
        latest=tuple(blocked[:RULINGS]),
    )
