"""What it saves that jobs follow their checkpoint, and what it costs those that are passed over.

Two instances and three models on a simulated clock; the queue and its claims are the real ones.
The baseline is the same queue with no time to pass anybody over: first come, first served.
"""

import argparse
import asyncio
import heapq
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from uuid import UUID

from bench_jobs import CHECKPOINTS, PLAN, new_job
from rich.progress import track

from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Job, Status

INSTANCES, SLOTS = 2, 2
RUN, LOADING = 6.0, 10.0  # seconds: twenty steps of SDXL, seven gigabytes from a disk
FAIRNESS = timedelta(seconds=120)


@dataclass
class Instance:
    jobs: list[Job] = field(default_factory=list)  # the first one runs
    loaded: str = ""
    holds: str = ""  # once all its jobs have run

    @property
    def room(self) -> int:
        return SLOTS - len(self.jobs)


class Simulation:
    def __init__(self, database: SqliteDatabase, fairness: timedelta) -> None:
        self.now = 0.0
        self.switches = 0
        self.waits: list[float] = []  # seconds until a run begins
        # seconds that a checkpoint was wanted and none was claimed for it, at the claim of another
        self.passed_over = 0.0
        limits = QueueLimits(waiting=10**6, fairness=fairness, lease=timedelta(days=1))
        self._ledger = JobLedger(database, limits, clock=lambda: self.now)
        self._instances = [Instance() for _ in range(INSTANCES)]
        self._ends: list[tuple[float, int]] = []
        # since when, by checkpoint and job; the first is the oldest
        self._waiting: dict[str, dict[UUID, float]] = {name: {} for name in CHECKPOINTS}
        self._claimed = dict.fromkeys(CHECKPOINTS, 0.0)  # when last, by checkpoint

    async def run(self, arrivals: list[tuple[float, Job]], what: str) -> None:
        for moment, job in track(arrivals, what):
            await self._work_until(moment)
            self.now = moment
            await self._ledger.accept(job)
            self._waiting[job.plan.checkpoint][job.id] = moment
            await self._hand_out()
        await self._work_until(float("inf"))

    async def _work_until(self, moment: float) -> None:
        while self._ends and self._ends[0][0] <= moment:
            self.now, number = heapq.heappop(self._ends)
            ended = self._instances[number].jobs.pop(0)
            await self._ledger.save(ended.evolve(status=Status.COMPLETED))
            if self._instances[number].jobs:
                self._start(number)
            await self._hand_out()

    async def _hand_out(self) -> None:
        while (best := max(self._instances, key=lambda i: i.room)).room:
            job = await self._ledger.claim("bench", holds=best.holds)
            if job is None:
                return
            self._note_claim(job)
            place = self._place(best, job.plan.checkpoint)
            place.jobs.append(job)
            place.holds = job.plan.checkpoint
            if len(place.jobs) == 1:
                self._start(self._instances.index(place))

    def _place(self, instance: Instance, checkpoint: str) -> Instance:
        """As the pool does: where the checkpoint is held, if as much room is there."""
        if instance.holds == checkpoint:
            return instance
        holders = (other for other in self._instances if other.holds == checkpoint)
        return next((other for other in holders if other.room >= instance.room), instance)

    def _note_claim(self, job: Job) -> None:
        own = job.plan.checkpoint
        del self._waiting[own][job.id]
        self._claimed[own] = self.now
        for checkpoint, waiting in self._waiting.items():
            if waiting and checkpoint != own:
                since = max(next(iter(waiting.values())), self._claimed[checkpoint])
                self.passed_over = max(self.passed_over, self.now - since)

    def _start(self, number: int) -> None:
        instance = self._instances[number]
        job, switches = instance.jobs[0], instance.loaded != instance.jobs[0].plan.checkpoint
        self.waits.append(self.now - job.created.timestamp())
        self.switches += switches
        instance.loaded = job.plan.checkpoint
        heapq.heappush(self._ends, (self.now + RUN + LOADING * switches, number))


@dataclass(frozen=True)
class Traffic:
    jobs: int
    between: float  # seconds between two jobs, on average
    seed: int

    def arrivals(self) -> Iterator[tuple[float, Job]]:
        random, moment = Random(self.seed), 0.0  # noqa: S311 - repeatable
        for _ in range(self.jobs):
            moment += random.expovariate(1 / self.between)
            plan = PLAN.evolve(checkpoint=random.choice(CHECKPOINTS), graph={})
            yield moment, new_job().evolve(plan=plan, created=datetime.fromtimestamp(moment, UTC))


async def simulate(traffic: Traffic, fairness: timedelta, what: str) -> Simulation:
    with tempfile.TemporaryDirectory() as folder:
        async with SqliteDatabase(Path(folder) / "bench.db") as database:
            simulation = Simulation(database, fairness)
            await simulation.run(list(traffic.arrivals()), what)
            return simulation


async def measure(traffic: Traffic) -> None:
    first = await simulate(traffic, timedelta(), "first come, first served")
    ours = await simulate(traffic, FAIRNESS, "with affinity")
    show(first, ours, traffic)


def show(first: Simulation, ours: Simulation, traffic: Traffic) -> None:
    fewer = f"{first.switches / ours.switches:.1f} times fewer (target 3)"
    bound = f"(bound {FAIRNESS.total_seconds():.0f})"
    print(f"\n{traffic.jobs} jobs, one every {traffic.between:g} s, for {len(CHECKPOINTS)} models")
    print(f"on {INSTANCES} instances; run {RUN:g} s, loading {LOADING:g} s")
    print("                               first come  affinity")
    print(f"checkpoint switches            {first.switches:10} {ours.switches:9}   {fewer}")
    typical = f"{median(first.waits):10.0f} {median(ours.waits):9.0f}"
    print(f"median wait, seconds           {typical}")
    print(f"longest wait, seconds          {max(first.waits):10.0f} {max(ours.waits):9.0f}")
    passed_over = f"{first.passed_over:10.0f} {ours.passed_over:9.0f}"
    print(f"longest passed over, seconds   {passed_over}   {bound}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--between", type=float, default=3.8, help="seconds between two jobs")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    asyncio.run(measure(Traffic(chosen.jobs, chosen.between, chosen.seed)))


if __name__ == "__main__":
    main()
