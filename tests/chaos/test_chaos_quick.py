"""A short round of `make chaos`, on fake ComfyUIs."""

from pathlib import Path
from random import Random

import pytest

from .points import die_at
from .siege import besiege
from .sites import on_fakes, running
from .verdict import judge

JOBS = 150

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def test_kills_at_random_lose_and_double_nothing(tmp_path: Path) -> None:
    async with running(on_fakes(tmp_path)) as site:
        clients = await besiege(site, JOBS, Random(1), told=lambda _: None)
        verdict = judge(JOBS, clients.accepted, clients.ended, site.stored())
    assert verdict.kept, verdict
    assert sum(site.kills.values())


@pytest.mark.parametrize("point", ["ledger.accept:1:after", "storage.put:4:before"])
async def test_death_at_a_step_loses_and_doubles_nothing(point: str, tmp_path: Path) -> None:
    verdict = await die_at(point, tmp_path)
    assert verdict.kept, verdict
