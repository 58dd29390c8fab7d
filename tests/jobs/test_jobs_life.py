"""Whatever happens in whatever order: the ledger and a plain model of it say the same."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from jobs_samples import LEASE, SECOND, Clock, new_job

from orchestrator.errors import Fenced, QueueFull
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.models import Job, Status

QUEUE_LIMIT = 4
CLAIM_LIMIT = 3
LIFE = 90 * SECOND
Result = TypeVar("Result")


@dataclass
class Expected:
    priority: int
    created: datetime
    ready_at: datetime
    status: Status = Status.IN_QUEUE
    owner: str = ""
    attempt: int = 0
    claims: int = 0  # that came to no orderly end
    failures: int = 0

    def is_held_by(self, held: Job) -> bool:
        """Whether that claim is still the one that counts."""
        ours = (self.owner, self.attempt) == (held.owner, held.attempt)
        return ours and self.status is Status.IN_PROGRESS

    def to_queue(self, ready_at: datetime) -> None:
        self.status, self.owner, self.ready_at = Status.IN_QUEUE, "", ready_at


class JobLife(RuleBasedStateMachine):
    connect: Callable[[], Database]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.model: dict[UUID, Expected] = {}
        self.claims: list[Job] = []  # every claim ever made: most of them zombies by and by
        self.database = self.connect()

    def do(self, action: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(action)

    @initialize()
    def open(self) -> None:
        self.do(self.database.__aenter__())
        self.do(self.database.write("DELETE FROM jobs RETURNING id", {}))
        self.ledger = JobLedger(
            self.database,
            QueueLimits(waiting=QUEUE_LIMIT, claims=CLAIM_LIMIT, lease=LEASE, life=LIFE),
            clock=self.clock,
        )

    def teardown(self) -> None:
        self.do(self.database.__aexit__())
        self.runner.close()

    def live(self) -> list[Expected]:
        return [job for job in self.model.values() if not job.status.final]

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds * SECOND)

    @rule(priority=st.sampled_from([0, 10]))
    def accept(self, priority: int) -> None:
        self.clock.advance(SECOND / 1000)  # no two jobs are of the same age
        job = new_job(priority=priority, created=self.clock.now)
        waiting = [j for j in self.model.values() if j.status is Status.IN_QUEUE]
        if len(waiting) >= QUEUE_LIMIT:
            with pytest.raises(QueueFull):
                self.do(self.ledger.accept(job))
        else:
            self.do(self.ledger.accept(job))
            self.model[job.id] = Expected(priority, job.created, job.created)

    @rule(owner=st.sampled_from("ab"))
    def claim(self, owner: str) -> None:
        claimed = self.do(self.ledger.claim(owner, holds=""))
        expected = self.next_in_model()
        assert (claimed and claimed.id) == expected
        if claimed and expected:
            job = self.model[expected]
            job.status, job.owner = Status.IN_PROGRESS, owner
            job.attempt, job.ready_at = job.attempt + 1, self.clock.now + LEASE
            job.claims += 1
            self.claims.append(claimed)

    def next_in_model(self) -> UUID | None:
        """Ends worn-out jobs on the way, as a claim does."""
        order = sorted(self.model.items(), key=lambda item: (-item[1].priority, item[1].created))
        for job_id, job in order:
            if job.status.final or job.ready_at > self.clock.now:
                continue
            if job.claims < CLAIM_LIMIT:
                return job_id
            job.status = Status.FAILED
            job.attempt += 1
        return None

    def write(self, data: st.DataObject, action: Any) -> Expected | None:
        """Write on behalf of some claim, dead or alive: the job if that claim still counts."""
        held = data.draw(st.sampled_from(self.claims))
        if self.model[held.id].is_held_by(held):
            self.do(action(held))
            return self.model[held.id]
        with pytest.raises(Fenced):
            self.do(action(held))
        return None

    @rule(data=st.data(), status=st.sampled_from(["IN_PROGRESS", "COMPLETED", "FAILED"]))
    def save(self, data: st.DataObject, status: str) -> None:
        if not self.claims:
            return
        changes = {"status": Status(status), "failures": 1}
        if job := self.write(data, lambda held: self.ledger.save(held.evolve(**changes))):
            job.status, job.failures = Status(status), 1

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        if self.claims and (job := self.write(data, self.ledger.renew)):
            job.ready_at = self.clock.now + LEASE

    @rule(data=st.data(), delay=st.integers(0, 30))
    def give_back(self, data: st.DataObject, delay: int) -> None:
        if not self.claims:
            return
        wait = delay * SECOND
        job = self.write(
            data, lambda held: self.ledger.give_back(held.evolve(failures=2), delay=wait)
        )
        if job:
            job.to_queue(self.clock.now + wait)
            job.claims -= 1
            job.failures = 2

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.model:
            return
        job_id = data.draw(st.sampled_from(list(self.model)))
        self.do(self.ledger.cancel(job_id))
        if not self.model[job_id].status.final:
            self.model[job_id].status = Status.CANCELLED

    @rule()
    def restart(self) -> None:
        self.do(self.ledger.release_all())
        for job in self.live():
            if job.status is Status.IN_PROGRESS:
                job.to_queue(self.clock.now)

    @rule()
    def expire(self) -> None:
        old = [job for job in self.live() if self.clock.now - job.created >= LIFE]
        assert self.do(self.ledger.expire()) == len(old)
        for job in old:
            job.status = Status.TIMED_OUT

    @invariant()
    def every_record_is_as_expected(self) -> None:
        for job_id, expected in self.model.items():
            job = self.do(self.ledger.get(job_id))
            assert job
            assert (job.status, job.attempt, job.failures) == (
                expected.status,
                expected.attempt,
                expected.failures,
            )
            assert (job.finished is not None) is job.status.final

    @invariant()
    def a_wake_up_is_never_missed(self) -> None:
        """If something is ready, nobody sleeps."""
        if any(job.ready_at <= self.clock.now for job in self.live()):
            self.do(asyncio.wait_for(self.ledger.ready(within=timedelta(hours=1)), timeout=5))


@pytest.mark.timeout(300)
def test_the_life_of_jobs_is_as_modelled(connect: Callable[[], Database]) -> None:
    machine = type("JobLife", (JobLife,), {"connect": staticmethod(connect)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
