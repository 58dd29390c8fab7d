"""A fake ComfyUI of each generation."""

from collections.abc import AsyncIterator

import pytest
from fake_comfyui import FakeComfyUI


@pytest.fixture(params=[False, True], ids=["mid-2024", "newer"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[FakeComfyUI]:
    async with FakeComfyUI(dated=request.param) as server:
        yield server
