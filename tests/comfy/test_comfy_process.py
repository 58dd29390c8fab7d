"""A ComfyUI of our own: started, watched, restarted, stopped, and never left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
from comfy_samples import job, painting
from waiting import until

from comfy_nodes.marks import VERSION
from orchestrator.comfy import Limits, Managed, Pool
from orchestrator.comfy.process import end_orphan, rotate
from orchestrator.errors import RunLost, RunTimedOut
from orchestrator.models import Job

real = [pytest.mark.comfyui, pytest.mark.slow, pytest.mark.timeout(180)]
QUICK = Limits(probe=0.5, answer=1, misses=3, stop=2, withdrawal=1, silence=1)


@asynccontextmanager
async def pool_of(spec: Managed, limits: Limits = QUICK) -> AsyncIterator[Pool]:
    async with Pool([spec], pack_version=VERSION, limits=limits) as pool:
        yield pool


def recorded_pid(spec: Managed) -> int:
    return json.loads((spec.directory / "comfyui.pid").read_text())["pid"]


async def run(pool: Pool, one: Job, started: asyncio.Event | None = None) -> int:
    slot = await pool.slot()
    async with slot.run(one, report=lambda _: started and started.set()) as artifacts:
        return len(artifacts)


async def start_run(pool: Pool, one: Job) -> "asyncio.Task[int]":
    """Returns once it reports progress."""
    started = asyncio.Event()
    task = asyncio.create_task(run(pool, one, started))
    await started.wait()
    return task


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


class TestReal:
    pytestmark = real

    @pytest.fixture
    def spec(self, comfyui_spec: Callable[..., Managed], tmp_path: Path) -> Managed:
        return comfyui_spec(tmp_path / "comfyui")

    async def test_it_is_stopped_with_the_pool_and_its_log_kept(self, spec):
        async with pool_of(spec) as pool:
            assert await run(pool, job(painting())) == 1
            pid = recorded_pid(spec)
        assert gone(pid)
        assert not (spec.directory / "comfyui.pid").exists()
        assert "got prompt" in (spec.directory / "comfyui.log").read_text()

    async def test_killed_in_mid_run_it_is_started_again(self, spec):
        async with pool_of(spec) as pool:
            task = await start_run(pool, job(painting(steps=100, pause=0.1)))
            os.kill(recorded_pid(spec), signal.SIGKILL)
            with pytest.raises(RunLost):
                await task
            assert await run(pool, job(painting())) == 1

    async def test_an_executor_that_hangs_is_replaced(self, spec):
        limits = Limits(run=1, silence=0.5, withdrawal=1, probe=0.5, stop=1)
        async with pool_of(spec, limits) as pool:
            (await pool.slot()).free()
            pid = recorded_pid(spec)
            with pytest.raises(RunTimedOut):
                await run(pool, job(painting(steps=60, pause=1.0, deaf=True)))
            await until(lambda: gone(pid))
            assert await run(pool, job(painting())) == 1

    async def test_one_that_holds_too_much_memory_is_recycled_after_its_runs(self, spec):
        async with pool_of(spec, Limits(memory=0.001, probe=0.5)) as pool:
            task = await start_run(pool, job(painting(steps=20, pause=0.1)))
            pid = recorded_pid(spec)
            assert await task == 1
            await until(lambda: gone(pid))
            (await pool.slot()).free()

    async def test_it_does_not_outlive_a_service_that_is_killed(self, spec):
        service = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVICE, spec.name, *map(str, _paths(spec)),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert await service.stdout.readline() == b"ready\n"
        pid = recorded_pid(spec)
        assert not gone(pid)
        service.kill()
        await service.communicate()
        await until(lambda: gone(pid), within=5)


SERVICE = textwrap.dedent(
    f"""
    import asyncio, sys
    from pathlib import Path
    from orchestrator.comfy import Managed, Pool

    async def main(name, directory, launcher, python, models, pack, checkout):
        paths = [Path(p) for p in (directory, launcher, python, models, pack)]
        spec = Managed(name, *paths, checkout=Path(checkout) if checkout else None)
        async with Pool([spec], pack_version="{VERSION}") as pool:
            await pool.slot()
            print("ready", flush=True)
            await asyncio.Event().wait()

    asyncio.run(main(*sys.argv[1:]))
    """
)


def _paths(spec: Managed) -> list[Path | str]:
    folders = [spec.directory, spec.launcher, spec.python, spec.models, spec.pack]
    return [*folders, spec.checkout or ""]


async def test_without_an_environment_it_says_what_to_do(tmp_path):
    nowhere = tmp_path / "nowhere"
    spec = Managed("none", tmp_path, nowhere, python=nowhere, models=nowhere, pack=nowhere)
    async with pool_of(spec) as pool:
        await until(lambda: pool.status()[0].state != "starting")
        (status,) = pool.status()
    assert "run `make setup`" in status.state


async def test_a_process_that_ends_at_once_is_reported_with_its_log(tmp_path):
    launcher = tmp_path / "launch.py"
    launcher.write_text("raise SystemExit(3)")
    python = Path(sys.executable)
    spec = Managed("broken", tmp_path, launcher, python=python, models=tmp_path, pack=tmp_path)
    async with pool_of(spec) as pool:
        await until(lambda: pool.status()[0].state != "starting")
        await until(lambda: "ended with status 3" in pool.status()[0].state)
        (status,) = pool.status()
    assert status.state.endswith(f"see {tmp_path / 'comfyui.log'}")


async def test_leaving_while_one_is_being_stopped_leaves_nothing_behind(tmp_path):
    launcher = tmp_path / "launch.py"
    launcher.write_text(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    )
    spec = Managed("deaf", tmp_path, launcher, Path(sys.executable), models=tmp_path, pack=tmp_path)
    async with pool_of(spec, Limits(boot=1, stop=60)):
        await until((tmp_path / "comfyui.pid").exists)
        pid = recorded_pid(spec)
        await asyncio.sleep(1.5)  # by now it is asked to end
        assert not gone(pid)
    assert gone(pid)


async def test_a_suspended_one_does_not_hold_up_the_end(tmp_path):
    launcher = tmp_path / "launch.py"
    launcher.write_text("import time; time.sleep(60)")
    spec = Managed("still", tmp_path, launcher, Path(sys.executable), tmp_path, pack=tmp_path)
    async with asyncio.timeout(10), pool_of(spec, Limits(stop=60)):
        await until((tmp_path / "comfyui.pid").exists)
        pid = recorded_pid(spec)
        os.kill(pid, signal.SIGSTOP)
    assert gone(pid)


@pytest.fixture
def fake_spec(tmp_path: Path) -> Managed:
    launcher = Path(__file__).with_name("fake_launcher.py")
    return Managed("fake", tmp_path, launcher, Path(sys.executable), tmp_path, pack=tmp_path)


@pytest.mark.parametrize("bound", [{"memory": 0.0001}, {"runs": 2}], ids=["memory", "runs"])
async def test_one_that_is_worn_is_recycled_and_no_run_notices(fake_spec, bound):
    async with pool_of(fake_spec, Limits(probe=0.1, **bound)) as pool:
        (await pool.slot()).free()
        pid = recorded_pid(fake_spec)
        runs = [asyncio.create_task(run(pool, job(painting()))) for _ in range(5)]
        await until(lambda: pool.status()[0].state.startswith("recycled"))
        assert await asyncio.gather(*runs) == [1] * 5
        assert recorded_pid(fake_spec) != pid


async def test_a_suspended_one_is_replaced(fake_spec):
    async with pool_of(fake_spec) as pool:
        (await pool.slot()).free()
        pid = recorded_pid(fake_spec)
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: gone(pid))
        assert await run(pool, job(painting())) == 1


@pytest.fixture
def sleeper(tmp_path: Path):
    """A process that names our directory, as a ComfyUI of ours does."""
    command = [sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path)]
    with subprocess.Popen(command) as process:
        yield process
        process.kill()


def _record(directory: Path, **identity: float) -> Path:
    record = directory / "comfyui.pid"
    record.write_text(json.dumps(identity))
    return record


def test_an_orphan_is_ended(sleeper, tmp_path):
    born = psutil.Process(sleeper.pid).create_time()
    end_orphan(_record(tmp_path, pid=sleeper.pid, started=born), within=5)
    assert sleeper.poll() is not None


def test_another_process_with_the_same_number_is_left_alone(sleeper, tmp_path):
    born = psutil.Process(sleeper.pid).create_time()
    end_orphan(_record(tmp_path, pid=sleeper.pid, started=born - 60), within=5)
    assert sleeper.poll() is None


def test_a_process_of_another_directory_is_left_alone(sleeper, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    born = psutil.Process(sleeper.pid).create_time()
    end_orphan(_record(other, pid=sleeper.pid, started=born), within=5)
    assert sleeper.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 99999999, "started": 0}'])
def test_a_broken_record_ends_nothing(text, tmp_path):
    record = tmp_path / "comfyui.pid"
    record.write_text(text)
    end_orphan(record, within=1)


def test_logs_are_put_aside_and_the_writer_goes_on(tmp_path):
    log = tmp_path / "comfyui.log"
    with log.open("ab", buffering=0) as writer:
        for life in (b"first", b"second", b"third"):
            writer.write(life)
            rotate(log)
        writer.write(b"fourth")
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert kept == {
        "comfyui.log": b"fourth",
        "comfyui.log.1": b"third",
        "comfyui.log.2": b"second",
        "comfyui.log.3": b"first",
    }
