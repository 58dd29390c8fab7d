"""An instance in trouble gets no more runs until it is well again, and loses none that it has."""

import asyncio

import pytest
from comfy_fakes import QUICK, pool_on, run_in, run_on
from comfy_samples import job, painting
from fake_comfyui import FakeComfyUI
from waiting import until

from orchestrator.comfy import Endpoint, listener
from orchestrator.comfy.answers import Mark
from orchestrator.comfy.client import Client
from orchestrator.errors import (
    InstanceUnusable,
    RunFailed,
    RunLost,
)


async def test_an_instance_that_vanishes_loses_its_run(fake):
    async with run_on(fake) as task:
        await fake.__aexit__()
        with pytest.raises(RunLost, match="can't be reached"):
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
    async with pool_on(fake, headers={"X-Key": "secret"}) as pool:
        await run_in(pool, job(painting()))
        shown = repr(pool.status())
    assert set(fake.headers_seen) == {"secret"}
    assert "secret" not in shown


@pytest.mark.parametrize("fault", [{"status": 500}, {"hangs": True}], ids=["500", "hangs"])
async def test_an_instance_that_does_not_answer_for_a_while_loses_no_run(fake, fault):
    async with run_on(fake, answer=0.3, unreachable=5) as task:
        fake.behave(**fault)
        await fake.cut()
        fake.may_end.set()
        await asyncio.sleep(0.5)
        fake.behave(status=200, hangs=False)
        assert len(await task) == 1
    assert fake.submissions == 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"hangs": True}], ids=["500", "hangs"])
async def test_an_instance_that_answers_no_more_loses_its_run(fake, fault):
    async with run_on(fake, answer=0.3) as task:
        fake.behave(**fault)
        with pytest.raises(RunLost, match="can't be reached"):
            await task


async def test_a_link_that_is_half_open_is_noticed(fake, monkeypatch):
    monkeypatch.setattr(listener, "PING", 0.05)
    monkeypatch.setattr(listener, "PONG", 0.05)
    fake.behave(answers_pings=False)
    async with run_on(fake) as task:
        await until(lambda: fake.connections > 2)
        fake.may_end.set()
        assert len(await task) == 1


async def test_a_graph_that_is_not_known_to_have_come_is_asked_for_until_it_is(fake):
    """Nobody else is given the job meanwhile."""
    fake.behave(drops_answers=True, takes_graphs_late=0.3)
    async with pool_on(fake, unreachable=5) as pool:
        (await pool.slot()).free()
        task = asyncio.create_task(run_in(pool, job(painting())))
        await asyncio.sleep(0.15)
        fake.behave(status=500)
        await until(lambda: fake.submissions)
        await asyncio.sleep(0.2)
        assert not task.done()
        fake.behave(status=200)
        assert len(await task) == 1
    assert fake.submissions == 1


async def test_a_slot_without_a_usable_instance_is_not_waited_for_without_end(fake):
    async with pool_on(fake) as pool:
        slot = await pool.slot()
        fake.behave(version="another")
        await until(lambda: not pool.status()[0].usable)
        with pytest.raises(InstanceUnusable, match="no ComfyUI is usable"):
            async with asyncio.timeout(5), slot.run(job(painting()), report=print):
                pass


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


async def test_operators_are_told_what_an_instance_is_and_does(fake):
    fake.may_end.clear()
    async with pool_on(fake) as pool:
        one = job(painting())
        task = asyncio.create_task(run_in(pool, one))
        await until(lambda: fake.running)
        (status,) = pool.status()
        fake.may_end.set()
        await task
    assert (status.device, status.version) == ("fake", "0.3.1")
    assert (status.checkpoint, status.jobs) == (one.plan.checkpoint, (str(one.id),))
    assert (status.running, status.runs, status.failed) == (1, 1, 0)


async def test_runs_that_failed_are_counted(fake):
    fake.behave(takes_up_runs=False)
    async with pool_on(fake) as pool:
        with pytest.raises(InstanceUnusable):
            await run_in(pool, job(painting()))
        (status,) = pool.status()
    assert (status.runs, status.failed) == (1, 1)
