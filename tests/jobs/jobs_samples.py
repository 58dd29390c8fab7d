"""Jobs and a clock for the tests of this folder."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from samples import PLAN

from orchestrator.jobs.ledger import JobLedger
from orchestrator.models import (
    Asset,
    AssetKind,
    Brand,
    Facts,
    Finding,
    Format,
    Job,
    Kept,
    LoraUse,
    Request,
    Status,
    Verdict,
)

START = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = 15 * SECOND
NOW = timedelta(0)
LONG = 60 * SECOND  # longer than any test


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()

    def advance(self, duration: timedelta) -> None:
        self.now += duration


REQUEST = Request(
    prompt=PLAN.raw,
    seed=7,
    loras=(LoraUse(file="snow.safetensors", weight=0.8),),
    brand=Brand(image="aGVsbG8="),
)
KEPT = Kept(
    picture="spool/1.png",
    thumbnail="spool/1_thumb.png",
    facts=Facts(
        width=64, height=64, format=Format.PNG, fingerprint="f" * 64, fingerprint_quality=90
    ),
    watermarked=True,
)
VERDICT = Verdict(
    safe=False,
    ruleset="default",
    ruleset_digest="c" * 64,
    reviewers=("text@1",),
    findings=(Finding(rule="r1", category="Weapons", reviewer="text", score=0.75),),
    at=START,
)
ASSET = Asset(kind=AssetKind.SIGNED, key="assets/01/picture.png", content_type="image/png")


def new_job(**changes: Any) -> Job:
    fields = {
        "id": uuid4(),
        "key_id": "aya's key",
        "dialect": "v2",
        "request": REQUEST,
        "plan": PLAN,
        "created": START,
    }
    return Job(**fields | changes)


async def accepted(ledger: JobLedger, **changes: Any) -> Job:
    job = new_job(**changes)
    await ledger.accept(job)
    return job


async def claimed(ledger: JobLedger, owner: str = "a") -> Job:
    job = await ledger.claim(owner, holds="")
    assert job is not None
    return job


async def status(ledger: JobLedger, job: Job) -> Status:
    found = await ledger.get(job.id)
    assert found is not None
    return found.status


async def falls_asleep(ledger: JobLedger) -> "asyncio.Task[None]":
    """Somebody who waits for work and is not woken any more by late news of what was before."""
    async with asyncio.timeout(5):
        while True:
            waiting = asyncio.create_task(ledger.ready(within=LONG))
            done, _ = await asyncio.wait([waiting], timeout=0.1)
            if not done:
                return waiting
