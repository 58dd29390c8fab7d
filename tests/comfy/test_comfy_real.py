"""Runs on a real ComfyUI that is found at its URL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest
from comfy_samples import job, painting
from cuttable_link import CuttableLink
from waiting import until

from comfy_nodes.marks import VERSION
from orchestrator.comfy import Endpoint, External, Limits, Pool
from orchestrator.comfy.answers import Mark
from orchestrator.comfy.client import Client
from orchestrator.errors import RunFailed, RunTimedOut
from orchestrator.models import Artifact, Format, Job, Progress

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(180)]


@asynccontextmanager
async def pool_on(url: str, *, version: str = VERSION, **limits: float) -> AsyncIterator[Pool]:
    specs = [External("shared", Endpoint(url))]
    async with Pool(specs, pack_version=version, limits=Limits(**limits)) as pool:
        yield pool


@pytest.fixture
async def client(comfyui: str) -> AsyncIterator[Client]:
    async with Client(Endpoint(comfyui), timeout=10) as opened:
        yield opened


async def run(
    pool: Pool, one: Job, report: Callable[[Progress], None] = lambda _: None
) -> tuple[Artifact, ...]:
    slot = await pool.slot()
    async with slot.run(one, report=report) as artifacts:
        return tuple(artifacts)


async def running(client: Client, one: Job) -> bool:
    return any(e.mark and e.mark.job == str(one.id) for e in (await client.queue()).running)


async def waiting(client: Client, one: Job) -> bool:
    return any(e.mark and e.mark.job == str(one.id) for e in (await client.queue()).pending)


async def under_way(client: Client, one: Job) -> bool:
    return await running(client, one) or await waiting(client, one)


async def cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_run_yields_its_picture(comfyui):
    async with pool_on(comfyui) as pool:
        (artifact,) = await run(pool, job(painting()))
    facts = artifact.facts
    assert (facts.format, facts.width, facts.height) == (Format.PNG, 96, 64)
    assert artifact.picture.startswith(b"\x89PNG")
    assert artifact.thumbnail.startswith(b"\x89PNG")


async def test_a_graph_that_is_cached_delivers_again(comfyui):
    graph = painting()
    async with pool_on(comfyui) as pool:
        assert [len(await run(pool, job(graph))) for _ in range(2)] == [1, 1]


async def test_progress_names_node_and_step(comfyui):
    reports: list[Progress] = []
    async with pool_on(comfyui) as pool:
        await run(pool, job(painting(steps=3, pause=0.05)), reports.append)
    steps = [r.step for r in reports if r.node == "Paint the street" and r.steps == 3]
    assert sorted(set(steps)) == [1, 2, 3] or sorted(set(steps)) == [0, 1, 2, 3]


async def test_a_run_that_ended_well_leaves_nothing_behind(comfyui, client):
    one = job(painting())
    async with pool_on(comfyui) as pool:
        await run(pool, one)
    entries = [history.entry.mark for history in await client.recent_history()]
    assert Mark(str(one.id), 1) not in entries


async def test_results_stay_until_the_block_ends_well(comfyui, client):
    one = job(painting())
    async with pool_on(comfyui) as pool:
        slot = await pool.slot()
        with pytest.raises(LookupError):
            async with slot.run(one, report=lambda _: None):
                raise LookupError
        again = await run(pool, one.evolve(attempt=2))
    assert len(again) == 1


async def test_a_wrong_value_names_node_input_and_reason(comfyui):
    async with pool_on(comfyui) as pool:
        with pytest.raises(RunFailed, match=r'"Paint the street", input steps: .*bigger than max'):
            await run(pool, job(painting(steps=5000)))


async def test_a_missing_node_class_is_named_by_title(comfyui):
    graph = painting()
    graph["1"] = {**graph["1"], "class_type": "NotInstalled"}
    async with pool_on(comfyui) as pool:
        with pytest.raises(RunFailed, match=r'"Paint the street": .*NotInstalled'):
            await run(pool, job(graph))


async def test_a_node_exception_is_told_with_title_and_text(comfyui):
    async with pool_on(comfyui) as pool:
        with pytest.raises(RunFailed, match='"Paint the street" failed: ValueError: no snow left'):
            await run(pool, job(painting(fail="no snow left")))


async def test_a_failure_while_finishing_is_told(comfyui):
    graph = painting()
    graph["2"]["inputs"]["mark"] = "bm90IGEgcGljdHVyZQ=="
    async with pool_on(comfyui) as pool:
        with pytest.raises(RunFailed):
            await run(pool, job(graph))


async def test_cancelling_interrupts_the_run(comfyui, client):
    one = job(painting(steps=100, pause=0.2))
    async with pool_on(comfyui) as pool:
        task = asyncio.create_task(run(pool, one))
        await until(lambda: running(client, one))
        await cancel(task)
        assert not await under_way(client, one)


async def test_cancelling_a_waiting_run_leaves_the_running_one_alone(comfyui, client):
    first, second = job(painting(steps=20, pause=0.1)), job(painting())
    async with pool_on(comfyui) as pool:
        task = asyncio.create_task(run(pool, first))
        await until(lambda: running(client, first))
        queued = asyncio.create_task(run(pool, second))
        await until(lambda: waiting(client, second))
        await cancel(queued)
        assert not await under_way(client, second)
        assert len(await task) == 1


async def test_a_run_that_others_interrupt_is_run_again(comfyui, client):
    one = job(painting(steps=10, pause=0.1))
    async with pool_on(comfyui) as pool:
        task = asyncio.create_task(run(pool, one))
        await until(lambda: running(client, one))
        (entry,) = (await client.queue()).running
        await client.interrupt(entry.run)
        assert len(await task) == 1


async def test_a_run_over_its_time_is_interrupted(comfyui, client):
    one = job(painting(steps=100, pause=0.2))
    async with pool_on(comfyui, run=1, silence=0.5) as pool:
        with pytest.raises(RunTimedOut):
            await run(pool, one)
    assert not await under_way(client, one)


async def test_two_runs_fit_and_a_third_waits(comfyui):
    async with pool_on(comfyui) as pool:
        slots = [await pool.slot(), await pool.slot()]
        third = asyncio.create_task(pool.slot())
        await asyncio.sleep(0)
        assert not third.done()
        slots[0].free()
        (await third).free()


async def test_the_slot_is_free_before_the_bytes_are_fetched(comfyui):
    async with pool_on(comfyui) as pool:
        slot, other = await pool.slot(), await pool.slot()
        async with slot.run(job(painting()), report=lambda _: None):
            (await pool.slot()).free()
        other.free()


async def test_a_connection_that_is_cut_in_mid_run_loses_no_run(comfyui, client):
    one = job(painting(steps=20, pause=0.1))
    async with CuttableLink(int(comfyui.rpartition(":")[2])) as link, pool_on(link.url) as pool:
        task = asyncio.create_task(run(pool, one))
        await until(lambda: running(client, one))
        link.cut()
        assert len(await task) == 1


async def test_a_run_under_way_is_found_again_after_a_crash(comfyui, client):
    one = job(painting(steps=20, pause=0.1))
    async with pool_on(comfyui) as pool:
        before = await client.submit(
            _addressed(one), client_id=uuid4().hex, mark=Mark(str(one.id), 1)
        )
        again = asyncio.create_task(run(pool, one.evolve(attempt=2)))
        await until(lambda: running(client, one))
        queue = await client.queue()
        assert len(await again) == 1
    assert [entry.run for entry in queue] == [before.run]


async def test_a_run_that_ended_while_nobody_listened_is_found_again(comfyui, client):
    one = job(painting())
    before = await client.submit(_addressed(one), client_id=uuid4().hex, mark=Mark(str(one.id), 1))
    await until(lambda: client.history(before.run))
    async with pool_on(comfyui) as pool:
        (artifact,) = await run(pool, one.evolve(attempt=2))
    assert artifact.facts.width == 96


async def test_an_instance_with_another_pack_is_not_used(comfyui):
    async with pool_on(comfyui, version="9.9.9") as pool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await pool.slot()
        (status,) = pool.status()
        assert pool.outage().total_seconds() >= 1
    assert not status.usable
    assert status.state == f"its node pack is version {VERSION}, not 9.9.9"


async def test_a_usable_instance_says_what_it_computes_with(comfyui):
    async with pool_on(comfyui) as pool:
        (await pool.slot()).free()
        (status,) = pool.status()
    assert (status.state, status.url, bool(status.device)) == ("ready", comfyui, True)


async def test_the_schemas_of_all_nodes_are_there(comfyui):
    async with pool_on(comfyui) as pool:
        (await pool.slot()).free()
        schemas = await pool.object_info()
    assert {"KSampler", "ImgenFinish"} <= schemas.keys()


def _addressed(one: Job):
    graph = one.plan.graph
    graph["2"]["inputs"]["delivery"] = f"{one.id}/1"
    return graph
