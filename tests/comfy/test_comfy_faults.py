"""Whatever ComfyUI does, a run ends with its picture or with an error that says why."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from comfy_samples import job, painting
from fake_comfyui import OUT_OF_MEMORY, PICTURE, THUMBNAIL, FakeComfyUI

from orchestrator.comfy import Endpoint, External, Limits, Pool
from orchestrator.comfy.answers import Mark
from orchestrator.comfy.client import Client
from orchestrator.errors import InstanceUnusable, OutOfMemory, RunFailed, RunLost, RunTimedOut
from orchestrator.models import Artifact, Job, Progress

QUICK = Limits(
    run=2,
    wait=1,
    silence=0.1,
    deaf=0.05,
    stall=1.5,
    unreachable=0.3,
    withdrawal=1,
    results=0.3,
    answer=1,
    connect=0.5,
    probe=0.1,
    boot=1,
    longest_pause=0.2,
)


@pytest.fixture(params=[False, True], ids=["mid-2024", "newer"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[FakeComfyUI]:
    async with FakeComfyUI(dated=request.param) as server:
        yield server


@asynccontextmanager
async def pool_on(*servers: FakeComfyUI, **headers: str) -> AsyncIterator[Pool]:
    specs = [
        External(f"fake {number}", Endpoint(server.url, headers))
        for number, server in enumerate(servers)
    ]
    async with Pool(specs, pack_version="fake", limits=QUICK) as pool:
        yield pool


async def run(
    server: FakeComfyUI, one: Job | None = None, report: Callable[[Progress], None] = print
) -> tuple[Artifact, ...]:
    async with pool_on(server) as pool:
        return await run_in(pool, one or job(painting()), report)


async def run_in(
    pool: Pool, one: Job, report: Callable[[Progress], None] = print
) -> tuple[Artifact, ...]:
    slot = await pool.slot()
    async with slot.run(one, report=report) as artifacts:
        return tuple(artifacts)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it is on the other side of the wire
            await asyncio.sleep(0.01)


@asynccontextmanager
async def run_on(server: FakeComfyUI) -> AsyncIterator["asyncio.Task[tuple[Artifact, ...]]"]:
    """A run that is in the executor and stays there until `may_end`."""
    server.may_end.clear()
    async with pool_on(server) as pool:
        task = asyncio.create_task(run_in(pool, job(painting())))
        await until(lambda: server.running)
        yield task
        await asyncio.gather(task, return_exceptions=True)


def is_empty(server: FakeComfyUI) -> bool:
    return server.running is None and not server.pending


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
    async with run_on(fake):
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


async def test_an_instance_that_vanishes_loses_its_run(fake):
    async with run_on(fake) as task:
        await fake.__aexit__()
        with pytest.raises(RunLost, match="can't be reached"):
            await task


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


async def test_an_instance_that_fails_a_check_is_not_used_until_it_passes_again(fake):
    async with pool_on(fake) as pool:
        (await pool.slot()).free()
        fake.behave(version="another")
        await until(lambda: not pool.status()[0].usable)
        waiting = asyncio.create_task(pool.slot())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        fake.behave(version="fake")
        (await waiting).free()


async def test_an_executor_that_takes_up_no_run_is_noticed(fake):
    fake.behave(takes_up_runs=False)
    async with pool_on(fake) as pool:
        task = asyncio.create_task(run_in(pool, job(painting())))
        await until(lambda: pool.status()[0].state == "its executor takes up no run")
        with pytest.raises(InstanceUnusable):
            await task


async def test_a_retry_goes_to_the_instance_that_has_the_run():
    async with FakeComfyUI(dated=True) as here, FakeComfyUI(dated=True) as there:
        one = job(painting())
        async with Client(Endpoint(there.url), timeout=1) as before:
            await before.submit(one.plan.graph, client_id="gone", mark=Mark(str(one.id), 1))
        async with pool_on(here, there) as pool:
            await until(lambda: all(status.usable for status in pool.status()))
            assert len(await run_in(pool, one.evolve(attempt=2))) == 1
    assert (here.submissions, there.submissions) == (0, 1)


async def test_a_retry_finds_its_run_also_where_no_new_one_would_be_begun():
    async with FakeComfyUI() as here, FakeComfyUI() as there:
        one = job(painting())
        async with Client(Endpoint(there.url), timeout=1) as before:
            await before.submit(one.plan.graph, client_id="gone", mark=Mark(str(one.id), 1))
        there.behave(version="another")
        async with pool_on(here, there) as pool:
            await until(lambda: pool.status()[0].usable)
            assert len(await run_in(pool, one.evolve(attempt=2))) == 1
    assert (here.submissions, there.submissions) == (0, 1)


async def test_a_slot_of_a_broken_instance_runs_on_another():
    async with (
        FakeComfyUI(dated=True) as here,
        FakeComfyUI(dated=True) as there,
        pool_on(here, there) as pool,
    ):
        await until(lambda: all(status.usable for status in pool.status()))
        slots = [await pool.slot(), await pool.slot()]  # one on each
        here.behave(version="another")
        await until(lambda: not pool.status()[0].usable)
        for slot in slots:
            async with slot.run(job(painting()), report=print) as artifacts:
                assert len(artifacts) == 1
    assert (here.submissions, there.submissions) == (0, 2)


async def test_every_request_shows_the_header_of_the_endpoint(fake):
    async with pool_on(fake, **{"X-Key": "secret"}) as pool:
        await run_in(pool, job(painting()))
        shown = repr(pool.status())
    assert set(fake.headers_seen) == {"secret"}
    assert "secret" not in shown


def poisoned(fake: FakeComfyUI) -> None:
    fake.behave(error="RuntimeError: CUDA error: an illegal memory access was encountered")


async def test_a_broken_device_is_not_used_until_its_process_was_started_again(fake):
    poisoned(fake)
    async with pool_on(fake) as pool:
        with pytest.raises(RunFailed, match="illegal memory access"):
            await run_in(pool, job(painting()))
        fake.behave(error="")
        await asyncio.sleep(3 * QUICK.probe)
        assert "needs a restart" in pool.status()[0].state
        await fake.restart()
        assert len(await run_in(pool, job(painting()))) == 1


async def test_memory_is_freed_once_and_the_run_tried_again(fake):
    fake.behave(error=OUT_OF_MEMORY)
    assert len(await run(fake)) == 1
    assert (fake.freed, fake.submissions) == (1, 2)


async def test_a_device_that_is_too_small_ends_the_job(fake):
    fake.behave(error=OUT_OF_MEMORY, curable=False)
    with pytest.raises(OutOfMemory, match=r"Paint the street.*OutOfMemoryError"):
        await run(fake)
    assert (fake.freed, fake.submissions) == (1, 2)


async def test_an_executor_that_was_stuck_is_used_again_once_it_goes_on(fake):
    """Without a restart: the run that could not be interrupted has ended."""
    fake.behave(deaf=True)
    fake.may_end.clear()
    async with pool_on(fake) as pool:
        with pytest.raises(RunLost, match="no sign of progress"):
            await run_in(pool, job(painting()))
        assert pool.status()[0].state == "a run can't be interrupted"
        fake.may_end.set()
        assert len(await run_in(pool, job(painting()))) == 1
