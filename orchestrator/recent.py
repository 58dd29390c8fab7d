"""What is looked up now and then, however often it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SHARE = 0.05  # of the time, at most, is spent on looking


class Recent(Generic[T]):
    """What the last look has found; those who ask during a look wait for it."""

    _found: T

    def __init__(
        self, look: Callable[[], Awaitable[T]], *, lasting: float, clock: Callable[[], float]
    ) -> None:
        """A look is good for `lasting` seconds, or longer if it takes long."""
        self._look = look
        self._lasting = lasting
        self._clock = clock
        self._good_until = float("-inf")
        self._looking = asyncio.Lock()

    async def get(self) -> T:
        """Raises what the look does; the next one who asks looks again."""
        async with self._looking:
            begun = self._clock()
            if begun >= self._good_until:
                self._found = await self._look()
                now = self._clock()
                self._good_until = now + max(self._lasting, (now - begun) / SHARE)
            return self._found
