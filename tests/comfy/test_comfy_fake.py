"""The fake ComfyUI, in a process of its own, is one that the service can work with."""

import asyncio
import sys
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from comfy_samples import job, painting
from PIL import Image

from comfy_nodes.marks import VERSION
from orchestrator.comfy import Endpoint, External, Pool

HOME = Path(__file__).parents[2]


@pytest.fixture
async def urls() -> AsyncIterator[list[str]]:
    """Of two fakes in one process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.comfy.fake_comfyui", "--instances", "2"),
        cwd=HOME,
        stdout=asyncio.subprocess.PIPE,
    )
    ready, *found = (await process.stdout.readline()).decode().split()
    assert ready == "ready"
    yield found
    process.terminate()
    await process.wait()


async def test_every_fake_of_a_process_delivers_pictures_of_its_own(urls):
    specs = [External(url, Endpoint(url)) for url in urls]
    async with Pool(specs, pack_version=VERSION) as pool:
        pictures = set()
        for _ in range(3):
            slot = await pool.slot()
            async with slot.run(job(painting()), report=lambda _: None) as [artifact]:
                pictures.add(artifact.picture)
    async with aiohttp.ClientSession() as session:
        counts = [await (await session.get(f"{url}/fake")).json() for url in urls]
    assert len(pictures) == sum(count["ended"] for count in counts) == 3
    assert {Image.open(BytesIO(picture)).size for picture in pictures} == {(128, 96)}


async def test_a_fake_does_what_it_is_told_and_refuses_what_it_does_not_know(urls):
    async with aiohttp.ClientSession(urls[0]) as session:
        told = await session.post("/fake", json={"status": 500})
        failed = await session.get("/queue")
        refused = await session.post("/fake", json={"sing": True})
    assert (told.status, failed.status, refused.status) == (200, 500, 400)
