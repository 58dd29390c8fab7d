"""Kills processes at random moments and starts them again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol


class Victim(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def kills(self) -> int: ...

    async def kill(self) -> None: ...

    async def start(self) -> None: ...


@dataclass(frozen=True)
class Killer:
    victims: Sequence[Victim]  # one at a time
    pause: tuple[float, float]  # seconds between a start and the next kill
    absence: tuple[float, float] = (0.0, 1.0)  # seconds that the victim is gone

    async def run(self, rng: Random) -> None:
        """Until cancelled; then all are there."""
        while True:
            await asyncio.sleep(rng.uniform(*self.pause))
            strike = asyncio.create_task(self._strike(rng.choice(self.victims), rng))
            try:
                await asyncio.shield(strike)
            finally:
                await strike

    async def _strike(self, victim: Victim, rng: Random) -> None:
        await victim.kill()
        await asyncio.sleep(rng.uniform(*self.absence))
        await victim.start()
