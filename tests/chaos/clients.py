"""Clients that never give up: they name each request, repeat it until it is answered, and follow
its job to the end."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

FINAL = ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELLED")
AT_ONCE = 16  # requests of all clients together
PAUSE = 0.3  # seconds before a request is repeated
SWEEP = 0.5  # seconds between two looks at all jobs


@dataclass
class Clients:
    doors: Sequence[str]  # any of them will do
    key: str
    told: Callable[[int], None]  # how many jobs have ended
    accepted: dict[str, str] = field(default_factory=dict)  # name of the request -> job id
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)  # job id -> its last status
    repeated: int = 0  # requests

    async def run(self, jobs: int) -> None:
        """Until all jobs have ended."""
        run = uuid4().hex[:8]
        async with (
            aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=aiohttp.ClientTimeout(total=10),
            ) as self._session,
            asyncio.TaskGroup() as tasks,
        ):
            self._room = asyncio.Semaphore(AT_ONCE)
            watching = tasks.create_task(self._watch(jobs))
            for number in range(jobs):
                tasks.create_task(self._order(f"{run}-{number}"))
            await watching

    async def _order(self, name: str) -> None:
        body = {"action": "generate", "prompt": f"@aya red coat, snowy street {name}, -umbrella"}
        self.accepted[name] = (await self._ask(body, name=name))["id"]

    async def _watch(self, jobs: int) -> None:
        while len(self.ended) < jobs:
            await asyncio.sleep(SWEEP)
            waiting = [job for job in self.accepted.values() if job not in self.ended]
            await asyncio.gather(*(self._look(job) for job in waiting))
            self.told(len(self.ended))

    async def _look(self, job: str) -> None:
        status = await self._ask({"action": "status", "id": job})
        if status["status"] in FINAL:
            self.ended[job] = status

    async def _ask(self, body: dict[str, Any], *, name: str = "") -> dict[str, Any]:
        """The answer of a door, sooner or later. The time limit is that of the whole run."""
        headers = {"Idempotency-Key": name} if name else {}
        while True:
            async with self._room:
                answer = await self._try(body, headers)
            if answer is not None:
                return answer
            self.repeated += 1
            await asyncio.sleep(PAUSE)

    async def _try(self, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any] | None:
        """None: nobody is there, or it can't be answered now."""
        url = f"{random.choice(self.doors)}/api/v2"
        try:
            async with self._session.post(url, json=body, headers=headers) as answer:
                said: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
        if answer.status in (409, 429, 500, 502, 503):
            return None
        assert answer.status == 200, said
        return said
