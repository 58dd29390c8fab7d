"""Whatever ComfyUI does, a run ends with its picture or with an error that says why."""

import asyncio
from contextlib import suppress
from dataclasses import asdict

import pytest
from comfy_fakes import is_empty, pool_on, run, run_in, run_on
from comfy_samples import job, painting
from fake_comfyui import OUT_OF_MEMORY, PICTURE, THUMBNAIL, TROUBLES, Behaviour, FakeComfyUI
from waiting import until

from orchestrator.comfy import Endpoint
from orchestrator.comfy.answers import Mark
from orchestrator.comfy.client import Client
from orchestrator.errors import (
    InstanceUnusable,
    OutOfMemory,
    RunError,
    RunFailed,
    RunLost,
    RunTimedOut,
)
from orchestrator.models import Progress


async def test_a_run_yields_the_bytes_that_were_delivered(fake):
    (artifact,) = await run(fake)
    assert (artifact.picture, artifact.thumbnail) == (PICTURE, THUMBNAIL)


async def test_steps_are_reported_with_the_title_of_their_node(fake):
    reports: list[Progress] = []
    await run(fake, report=reports.append)
    assert reports[-1] == Progress(step=3, steps=3, node="Paint the street")


async def test_a_run_that_ends_unheard_is_found_by_asking(fake):
    fake.behave(mute=True)
    assert len(await run(fake)) == 1


async def test_a_websocket_that_is_cut_loses_no_run(fake):
    async with run_on(fake) as task:
        await fake.cut()
        fake.may_end.set()
        assert len(await task) == 1
    assert fake.submissions == 1


async def test_left_out_outputs_are_a_failure_that_names_the_node(fake):
    error = {"type": "x", "message": "Value not in list", "details": "format: 'gif' not in []"}
    error["extra_info"] = {"input_name": "format"}
    fake.behave(leaves_out={"2": {"errors": [error], "class_type": "ImgenFinish"}})
    fake.may_end.clear()
    with pytest.raises(RunFailed, match=r'^"Finish", input format: Value not in list'):
        await run(fake)
    await until(lambda: is_empty(fake))


async def test_a_lost_history_is_a_lost_run(fake):
    fake.behave(writes_history=False)
    with pytest.raises(RunLost, match="neither in the queue nor in the history"):
        await run(fake)


async def test_a_run_without_progress_is_interrupted(fake):
    fake.may_end.clear()
    with pytest.raises(RunLost, match="no sign of progress"):
        await run(fake)
    assert is_empty(fake)


async def test_a_run_that_nobody_hears_is_given_its_whole_time(fake):
    fake.behave(mute=True)
    fake.may_end.clear()
    with pytest.raises(RunTimedOut):
        await run(fake)
    assert is_empty(fake)


async def test_a_model_may_have_a_limit_of_its_own(fake):
    fake.behave(mute=True)
    fake.may_end.clear()
    one = job(painting())
    with pytest.raises(RunTimedOut, match=r"0\.5 s"):
        await run(fake, one.evolve(plan=one.plan.evolve(run_limit=0.5)))


async def test_a_run_that_is_never_started_goes_elsewhere(fake):
    async with run_on(fake, run=5, stall=5):
        with pytest.raises(InstanceUnusable, match="no run was started"):
            await run(fake)
        assert fake.pending == []
        fake.may_end.set()


async def test_an_answer_that_is_lost_does_not_double_the_run(fake):
    fake.behave(drops_answers=True)
    assert len(await run(fake)) == 1
    assert fake.submissions == 1


async def test_a_blocked_node_does_not_end_the_run(fake):
    fake.behave(blocks=True)
    assert len(await run(fake)) == 1


async def test_a_success_left_over_from_an_earlier_run_is_not_believed():
    async with FakeComfyUI(dated=True) as fake:
        fake.behave(says_success=False)
        with pytest.raises(RunLost, match="does not say that it succeeded"):
            await run(fake)


@pytest.mark.parametrize(
    ("status", "reason"), [(202, "did not come in time"), (404, "are unknown"), (502, "in time")]
)
async def test_a_success_without_bytes_is_lost(fake, status, reason):
    fake.behave(results=status)
    with pytest.raises(RunLost, match=reason):
        await run(fake)
    assert fake.history == {}


async def test_bytes_that_lack_a_part_are_lost(fake):
    fake.behave(incomplete=True)
    with pytest.raises(RunLost):
        await run(fake)


async def test_a_failure_while_finishing_is_told(fake):
    fake.behave(results=500)
    with pytest.raises(RunFailed, match="Finishing failed: no paint"):
        await run(fake)


async def test_whoever_lost_a_job_leaves_its_next_try_alone(fake):
    one = job(painting())
    fake.may_end.clear()
    async with pool_on(fake) as pool, Client(Endpoint(fake.url), timeout=1) as successor:
        task = asyncio.create_task(run_in(pool, one))
        await until(lambda: fake.running)
        await successor.submit(one.plan.graph, client_id="its", mark=Mark(str(one.id), 2))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: fake.running and fake.running.extra["imgen"]["attempt"] == 2)
        assert not fake.running.interrupted.is_set()


async def test_an_interrupt_by_others_is_answered_by_another_run(fake):
    async with run_on(fake) as task:
        fake.running.interrupted.set()
        await until(lambda: fake.submissions == 2)
        fake.may_end.set()
        assert len(await task) == 1


async def test_interrupts_without_end_lose_the_run(fake):
    async with run_on(fake) as task:
        while not task.done():
            if fake.running:
                fake.running.interrupted.set()
            await asyncio.sleep(0.01)
        with pytest.raises(RunLost, match="Somebody else"):
            await task


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_happens_a_run_ends_and_the_next_try_has_its_picture(fake, trouble):
    fake.behave(**TROUBLES[trouble])
    one = job(painting())
    async with pool_on(fake) as pool, asyncio.timeout(5):
        with suppress(RunError):
            assert len(await run_in(pool, one)) == 1
        assert is_empty(fake)
        fake.behave(**asdict(Behaviour()))
        assert len(await run_in(pool, one.evolve(attempt=2))) == 1


@pytest.mark.parametrize("spoiled", ["corrupt", "truncated", "incomplete"])
async def test_bytes_that_are_not_what_was_made_are_never_taken(fake, spoiled):
    fake.behave(**TROUBLES[spoiled])
    with pytest.raises(RunLost, match=r"did not come in time: results: \w+"):
        await run(fake)
    assert fake.history == {}


async def test_a_run_that_is_cancelled_while_it_is_submitted_is_not_left_behind(fake):
    fake.behave(takes_graphs_late=0.3)
    fake.may_end.clear()
    async with pool_on(fake) as pool:
        slot = await pool.slot()
        task = asyncio.create_task(slot.run(job(painting()), report=print).__aenter__())
        await asyncio.sleep(0.15)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.3)
        assert (fake.submissions, is_empty(fake)) == (1, True)


async def test_a_neighbour_that_is_hit_by_a_cancellation_is_run_again():
    """The older `/interrupt` knows no run: between our look at the queue and it, another began."""
    async with FakeComfyUI(dated=False) as fake, run_on(fake) as cancelled:
        async with pool_on(fake) as other:
            neighbour = asyncio.create_task(run_in(other, one := job(painting())))
            await until(lambda: fake.pending)
            fake.behave(interrupts_late=True)
            cancelled.cancel()
            await until(lambda: fake.submissions == 3)
            fake.may_end.set()
            assert len(await neighbour) == 1
        assert (fake.executor.tally.runs[str(one.id)], is_empty(fake)) == (2, True)


async def test_memory_is_freed_once_and_the_run_tried_again(fake):
    fake.behave(error=OUT_OF_MEMORY)
    assert len(await run(fake)) == 1
    assert (fake.freed, fake.submissions) == (1, 2)


async def test_a_device_that_is_too_small_ends_the_job(fake):
    fake.behave(error=OUT_OF_MEMORY, curable=False)
    with pytest.raises(OutOfMemory, match=r"Paint the street.*OutOfMemoryError"):
        await run(fake)
    assert (fake.freed, fake.submissions) == (1, 2)
