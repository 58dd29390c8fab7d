"""All ComfyUI instances of the service, and room on them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Self

from orchestrator.comfy.instance import Instance
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.members import External, ExternalMember, ManagedMember, Member, Open
from orchestrator.comfy.process import Managed
from orchestrator.errors import InstanceUnusable
from orchestrator.models import Artifact, InstanceStatus, Job, PictureName, Progress
from orchestrator.ports import NO_PICTURES


class Pool:
    """Implements `ports.Instances`; starts and stops what it has as it is entered and left."""

    def __init__(
        self,
        specs: Sequence[Managed | External],
        *,
        pack_version: str,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        open_instance = partial(
            Instance, limits=self._limits, pack_version=pack_version, on_change=self._note_change
        )
        self._members = [_member(spec, self._limits, open_instance) for spec in specs]
        self._changed = asyncio.Event()
        self._without_since: float | None = time.monotonic()  # None: one is usable

    async def __aenter__(self) -> Self:
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._keeping = [self._tasks.create_task(member.keep()) for member in self._members]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._keeping:
            task.cancel()
        await self._tasks.__aexit__(None, None, None)  # no group around what ended the block

    async def slot(self) -> "PoolSlot":
        return PoolSlot(self, await self.take())

    def outage(self) -> timedelta:
        since = self._without_since
        return timedelta(seconds=0 if since is None else time.monotonic() - since)

    def status(self) -> tuple[InstanceStatus, ...]:
        return tuple(member.status for member in self._members)

    async def object_info(self) -> dict[str, Any]:
        """The node schemas of a usable instance. Raises InstanceUnusable."""
        for instance in self._usable():
            return await instance.client.object_info()
        raise InstanceUnusable(detail="no ComfyUI is usable")

    async def take(self) -> Instance:
        """The instance with most room, one place of which is now taken."""
        while (best := max(self._usable(), key=_room, default=None)) is None or not best.room:
            self._changed.clear()
            await self._changed.wait()
        return best.take()

    async def take_again(self) -> Instance:
        """The same, for a job that waits already. Raises InstanceUnusable after a time."""
        try:
            async with asyncio.timeout(self._limits.boot):
                return await self.take()
        except TimeoutError as error:
            raise InstanceUnusable(detail="no ComfyUI is usable") from error

    async def holder(self, job: Job) -> Instance | None:
        """Where an earlier try of the job is under way or has ended well; also where no new run
        would be begun just now."""
        asked = [i for i in self._instances() if not i.condemned]
        answers = await asyncio.gather(*(instance.holds(job) for instance in asked))
        return next((i for i, holds in zip(asked, answers, strict=True) if holds), None)

    def better_place(self, instance: Instance, checkpoint: str) -> Instance | None:
        """One that holds the checkpoint already and has as much room, not counting the place that
        is taken on the given one."""
        if instance.checkpoint == checkpoint:
            return None
        holders = (other for other in self._usable() if other.checkpoint == checkpoint)
        return next((other for other in holders if other.room > instance.room), None)

    def _usable(self) -> Iterator[Instance]:
        return (instance for instance in self._instances() if not instance.trouble)

    def _instances(self) -> Iterator[Instance]:
        return (member.instance for member in self._members if member.instance is not None)

    def _note_change(self) -> None:
        if any(True for _ in self._usable()):
            self._without_since = None
        elif self._without_since is None:
            self._without_since = time.monotonic()
        self._changed.set()


class PoolSlot:
    """Implements `ports.Slot`."""

    def __init__(self, pool: Pool, instance: Instance) -> None:
        self._pool = pool
        self._instance: Instance | None = instance  # None: given back

    @property
    def holds(self) -> str:
        return self._instance.checkpoint if self._instance else ""

    def assign(self, job: Job) -> None:
        if self._instance is None:
            return
        checkpoint = job.plan.checkpoint
        if better := self._pool.better_place(self._instance, checkpoint):
            self.free()
            self._instance = better.take()
        self._instance.checkpoint = checkpoint

    @asynccontextmanager
    async def run(
        self,
        job: Job,
        *,
        report: Callable[[Progress], None],
        pictures: Mapping[PictureName, bytes] = NO_PICTURES,
    ) -> AsyncIterator[Sequence[Artifact]]:
        try:
            instance = await self._instance_for(job)
            async with (
                instance.holding(pictures, job),
                instance.run(job, report=report, executor_done=self.free) as artifacts,
            ):
                yield artifacts
        finally:
            self.free()

    def free(self) -> None:
        if self._instance is not None:
            self._instance.free()
            self._instance = None

    async def _instance_for(self, job: Job) -> Instance:
        """Usually the one that was taken; another if the job's run is there, or if ours broke down
        while the slot waited for a job.
        """
        held = self._instance
        holder = await self._pool.holder(job) if job.attempt > 1 else None
        if held is not None and (holder is held or (holder is None and not held.trouble)):
            return held
        self.free()
        self._instance = holder.take() if holder else await self._pool.take_again()
        self._instance.checkpoint = job.plan.checkpoint
        return self._instance


def _room(instance: Instance) -> int:
    return instance.room


def _member(spec: Managed | External, limits: Limits, open_instance: Open) -> Member:
    if isinstance(spec, Managed):
        return ManagedMember(spec, limits=limits, open_instance=open_instance)
    return ExternalMember(spec, limits=limits, open_instance=open_instance)
