"""Waiting for what tells nobody when it comes about."""

import asyncio
import inspect
from collections.abc import Callable


async def until(condition: Callable[[], object], *, within: float = 20.0) -> None:
    """`condition` may be a coroutine function; `within` is in seconds. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not await _answer(condition):  # noqa: ASYNC110  what tells nobody sets no event
            await asyncio.sleep(0.01)


async def _answer(condition: Callable[[], object]) -> object:
    answer = condition()
    return await answer if inspect.isawaitable(answer) else answer
