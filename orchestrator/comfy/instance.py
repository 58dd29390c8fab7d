"""One ComfyUI with our node pack in it, and whether it may be used."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Self

from orchestrator.comfy.answers import Machine, Queue
from orchestrator.comfy.client import Client
from orchestrator.comfy.endpoint import Endpoint
from orchestrator.comfy.follow import Run
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.listener import Listener
from orchestrator.comfy.runner import Runner
from orchestrator.errors import InstanceUnusable, RunError
from orchestrator.models import Artifact, Job, PictureName, Progress

log = logging.getLogger(__name__)

Recovery = Callable[[Queue], bool]

FRESH = 1.0  # seconds; a job does not change hands more often
SLOTS = 2  # one run in the executor and one waiting, so that it never waits for us


def _never(_: Queue) -> bool:
    return False


def _runs_something(queue: Queue) -> bool:
    return bool(queue.running)


class Instance:
    """Lives as long as one ComfyUI process, or as long as we use an external one."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        *,
        limits: Limits,
        pack_version: str,
        on_change: Callable[[], None],
    ) -> None:
        self.name = name
        self.client = Client(endpoint, timeout=limits.answer)
        self.trouble = "starting"  # why it is not used; empty: it is
        self.machine = Machine()
        self.misses = 0  # failed checks in a row
        self.condemned = ""  # why only a restart can help
        self.runs = 0  # that were begun since the process was
        self.failed = 0  # of those
        self.checkpoint = ""  # of the last job that was assigned to it
        self.occupied = 0  # slots that are taken
        self.jobs: list[str] = []  # ids of runs under way, until their bytes are kept
        self._pack_version = pack_version
        self._on_change = on_change
        self._listener = Listener(endpoint, limits)
        self._runs = Runner(self.client, self._listener, limits=limits, condemn=self._condemn)
        self._doubted = asyncio.Event()  # a check is due now
        self._idle = asyncio.Event()
        self._idle.set()
        self._looking = asyncio.Lock()
        self._looked = -math.inf  # when it was last asked whose runs it has
        self._held = frozenset[str]()  # jobs
        self._left_waiting = frozenset[str]()  # at the last check, while nothing was running
        self._boot = ""  # of the process that answered last
        self._has_recovered: Recovery = _never  # from what it was condemned for

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.client)
            await stack.enter_async_context(self._listener)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.set_trouble("stopped")
        await self._stack.aclose()

    @property
    def room(self) -> int:
        return 0 if self.trouble else max(0, SLOTS - self.occupied)

    def take(self) -> Self:
        self.occupied += 1
        return self

    def free(self) -> None:
        self.occupied -= 1
        self._on_change()

    async def holds(self, job: Job) -> bool:
        """Whether a run of the job waits, runs or has succeeded here, as of a moment ago; False if
        that can't be known."""
        clock = asyncio.get_running_loop().time
        async with self._looking:  # after a crash many jobs ask at once
            if clock() - self._looked > FRESH:
                self._held = await self._jobs()
                self._looked = clock()
        return str(job.id) in self._held

    async def _jobs(self) -> frozenset[str]:
        try:
            return await self._runs.jobs()
        except InstanceUnusable:
            return frozenset()

    @asynccontextmanager
    async def run(
        self, job: Job, *, report: Callable[[Progress], None], executor_done: Callable[[], None]
    ) -> AsyncIterator[Sequence[Artifact]]:
        """See `ports.Slot`."""
        self.jobs.append(str(job.id))
        self.runs += 1
        self._idle.clear()
        try:
            run = await self._execute(job, report)
            executor_done()
            yield await self._runs.artifacts(run)
            await self._runs.discard(run)
        finally:
            self.jobs.remove(str(job.id))
            if not self.jobs:
                self._idle.set()

    @asynccontextmanager
    async def holding(self, pictures: Mapping[PictureName, bytes], job: Job) -> AsyncIterator[None]:
        """The pictures that came with the job's request lie with the node pack meanwhile. Raises
        InstanceUnusable."""
        if not pictures:
            yield
            return
        try:
            with self._doubting():
                for name, picture in pictures.items():
                    await self.client.send_picture(job, name, picture)
            yield
        finally:
            with suppress(InstanceUnusable):  # then they are forgotten in time
                await self.client.delete_pictures(job)

    async def _execute(self, job: Job, report: Callable[[Progress], None]) -> Run:
        with self._doubting():
            try:
                return await self._runs.execute(job, report)
            except (RunError, InstanceUnusable):
                self.failed += 1
                raise

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """Not to be used after a failure of its own, until it was checked."""
        try:
            yield
        except InstanceUnusable as error:
            self.set_trouble(error.detail)
            self._doubted.set()
            raise

    def set_trouble(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.info("%s: %s", self.name, trouble or "ready")
            self.trouble = trouble
            self._on_change()

    async def wait_for_doubt(self, *, within: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._doubted.wait()

    async def retire(self, reason: str) -> None:
        """Take on no more runs, and return when there is none any more."""
        self._condemn(reason)
        await self._idle.wait()

    async def verify(self) -> bool:
        """Check whether it may be used, and from now on use it accordingly."""
        self._doubted.clear()
        try:
            await self._check()
        except InstanceUnusable as error:
            self.misses += 1
            self.set_trouble(error.detail)
            return False
        self.misses = 0
        self._listener.hurry()
        self.set_trouble(self.condemned)
        return not self.condemned

    async def _check(self) -> None:
        pack = await self.client.pack()
        if pack.version != self._pack_version:
            raise InstanceUnusable(
                detail=f"its node pack is version {pack.version}, not {self._pack_version}"
            )
        if pack.boot != self._boot:
            self._note_restart(pack.boot)
        if not self.machine.device:
            self.machine = await self.client.machine()
        queue = await self.client.queue()
        waiting = frozenset(entry.run for entry in queue.pending)
        if self._has_recovered(queue):
            self.condemned, self._has_recovered = "", _never
        if not queue.running and waiting & self._left_waiting:
            self._condemn("its executor takes up no run", until=_runs_something)
        self._left_waiting = frozenset() if queue.running else waiting

    def _note_restart(self, boot: str) -> None:
        self._boot, self.condemned, self.runs, self.failed = boot, "", 0, 0
        self._has_recovered = _never
        self.checkpoint, self.machine = "", Machine()

    def _condemn(self, reason: str, *, until: Recovery = _never) -> None:
        """Not to be used until it was restarted, or its queue shows that it has recovered."""
        if not self.condemned or until is _never:
            self.condemned, self._has_recovered = reason, until
        self.set_trouble(reason)
        self._doubted.set()
