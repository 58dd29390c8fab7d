"""Runs on a real ComfyUI, found at its URL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from comfy_samples import job, painting

from comfy_nodes.marks import VERSION
from orchestrator.comfy import Endpoint, External, Limits, Pool
from orchestrator.comfy.client import Client
from orchestrator.errors import RunFailed
from orchestrator.models import Format, Job, Progress

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(180)]


@asynccontextmanager
async def pool_on(url: str, **limits: float) -> AsyncIterator[Pool]:
    specs = [External("shared", Endpoint(url))]
    async with Pool(specs, pack_version=VERSION, limits=Limits(**limits)) as pool:
        yield pool


async def run(pool: Pool, one: Job) -> tuple:
    reports: list[Progress] = []
    slot = await pool.slot()
    async with slot.run(one, report=reports.append) as artifacts:
        return artifacts, reports


async def test_a_run_yields_its_picture(comfyui):
    async with pool_on(comfyui) as pool:
        (artifact,), _ = await run(pool, job(painting()))
    assert artifact.facts.format is Format.PNG
    assert (artifact.facts.width, artifact.facts.height) == (96, 64)
    assert artifact.picture.startswith(b"\x89PNG")
    assert artifact.thumbnail.startswith(b"\x89PNG")
