"""A worker on two slots whose runs end as scripted, and what it is waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from twins import CALLER, REQUEST, Slot, World

from orchestrator.models import Artifact, InstanceStatus, Job, Progress
from orchestrator.pipeline import accept
from orchestrator.ports import Ports
from orchestrator.worker import Worker

LIMIT = 10  # seconds until a job has ended


class Instances:
    """Two slots of one twin whose next runs end as scripted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._room = asyncio.Semaphore(2)
        self.ends: list[Exception] = []
        self.hold: asyncio.Event | None = None

    async def slot(self) -> "ScriptedSlot":
        await self._room.acquire()
        return ScriptedSlot(self._world, self)

    def release(self) -> None:
        self._room.release()

    def outage(self) -> timedelta:
        return timedelta()

    def status(self) -> Sequence[InstanceStatus]:
        return ()


class ScriptedSlot(Slot):
    def __init__(self, world: World, instances: Instances) -> None:
        super().__init__(world)
        self._instances = instances

    @asynccontextmanager
    async def run(
        self, job: Job, *, report: Callable[[Progress], None], **pictures: Mapping[str, bytes]
    ) -> AsyncIterator[Sequence[Artifact]]:
        if self._instances.ends:
            raise self._instances.ends.pop(0)
        if self._instances.hold:
            report(Progress(step=3, steps=9, node="painter"))
            await self._instances.hold.wait()
        async with super().run(job, report=report, **pictures) as artifacts:
            yield artifacts

    def free(self) -> None:
        if not self.freed:
            self._instances.release()
        super().free()


@asynccontextmanager
async def working(ports: Ports, instances: Instances) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(ports, instances, owner="w", failures=3).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def accepted(ports: Ports) -> Job:
    return await accept(REQUEST, CALLER, "v2", ports)


async def until(ports: Ports, job: Job, wanted: Callable[[Job], bool]) -> Job:
    async with asyncio.timeout(LIMIT):
        while True:
            found = await ports.ledger.get(job.id)
            assert found
            if wanted(found):
                return found
            await asyncio.sleep(0.005)


async def ended(ports: Ports, job: Job) -> Job:
    return await until(ports, job, lambda found: found.status.final)


async def until_free(instances: Instances) -> None:
    """The worker holds one slot while it waits for a job; it has given back the other."""
    async with asyncio.timeout(LIMIT):
        (await instances.slot()).free()
