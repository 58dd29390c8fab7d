"""Processes full of fake ComfyUIs, for benches."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from orchestrator.settings import HOME


@asynccontextmanager
async def fakes(instances: int, *options: str, processes: int = 1) -> AsyncIterator[list[str]]:
    """Their URLs."""
    command = [sys.executable, "-m", "tests.comfy.fake_comfyui", *options]
    command += ["--instances", str(instances // processes)]
    started = [
        await asyncio.create_subprocess_exec(*command, cwd=HOME, stdout=asyncio.subprocess.PIPE)
        for _ in range(processes)
    ]
    try:
        yield [url for process in started for url in await _urls(process)]
    finally:
        for process in started:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in started))


async def _urls(process: asyncio.subprocess.Process) -> list[str]:
    said = (await process.stdout.readline()).decode().split() if process.stdout else []
    if said[:1] != ["ready"]:
        raise RuntimeError("the fake ComfyUI did not start")
    return said[1:]


async def counts(session: aiohttp.ClientSession, urls: Sequence[str]) -> list[dict[str, Any]]:
    """What each has done so far."""

    async def ask(url: str) -> dict[str, Any]:
        async with session.get(f"{url}/fake") as answer:
            return dict(await answer.json())

    return list(await asyncio.gather(*map(ask, urls)))
