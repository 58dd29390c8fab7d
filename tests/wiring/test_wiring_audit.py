"""Templates are held against what the ComfyUI that is there declares."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from waiting import until

from orchestrator.errors import InstanceUnusable
from orchestrator.models import InstanceStatus, Template
from orchestrator.wiring.audit import LiveAudit

NODE = {"class_type": "ImgenDemoPainter", "inputs": {}}
TEMPLATE = Template(name="t", graph={"1": NODE}, digest="d")


class TwinPool:
    """One instance that comes and goes as told, and answers as scripted."""

    def __init__(self) -> None:
        self.usable = True
        self.versions = [""]
        self.answers: list[dict[str, Any] | Exception] = []
        self.looks = self.asked = 0

    def status(self) -> Sequence[InstanceStatus]:
        self.looks += 1
        return [
            InstanceStatus(name="a", url="http://a", usable=self.usable, state="", version=version)
            for version in self.versions
        ]

    async def object_info(self) -> dict[str, Any]:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer


@asynccontextmanager
async def following(pool: TwinPool) -> AsyncIterator[LiveAudit]:
    audit = LiveAudit()
    task = asyncio.create_task(audit.follow(pool))
    try:
        yield audit
    finally:
        task.cancel()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.wiring.audit.SCHEMA_LOOK", 0.005)


async def test_a_class_that_is_not_there_is_a_fault() -> None:
    async with following(TwinPool()) as audit:
        await until(lambda: "not installed" in audit.fault(TEMPLATE))


async def test_a_failed_question_is_asked_again() -> None:
    pool = TwinPool()
    pool.answers = [InstanceUnusable(), InstanceUnusable()]
    async with following(pool):
        await until(lambda: pool.asked == 3)


async def test_an_instance_that_comes_back_is_asked_again() -> None:
    pool = TwinPool()
    async with following(pool):
        await until(lambda: pool.asked == 1)
        pool.usable = False
        looks = pool.looks
        await until(lambda: pool.looks > looks)
        pool.usable = True
        await until(lambda: pool.asked == 2)


async def test_the_oldest_release_that_is_there_counts() -> None:
    node = {**NODE, "_meta": {"comfyui": "0.3.75"}}
    pool = TwinPool()
    pool.versions = ["0.3.80", "0.3.64"]
    async with following(pool) as audit:
        recent = Template(name="t", graph={"1": node}, digest="e")
        await until(lambda: "0.3.75 or newer, not 0.3.64" in audit.fault(recent))
        pool.versions = ["0.3.80", "0.3.75"]
        await until(lambda: "or newer" not in audit.fault(recent))
