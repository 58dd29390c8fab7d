"""What a pool consists of: ComfyUIs that we start ourselves, and ones that are found elsewhere."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from orchestrator.comfy.endpoint import Endpoint
from orchestrator.comfy.instance import Instance
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.process import LONGEST_LOG, ComfyProcess, Managed, rotate, started
from orchestrator.errors import InstanceUnusable
from orchestrator.models import InstanceStatus

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0  # seconds before the second try to start; doubled from then on
BOOT_CHECK = 0.25  # seconds between two looks whether it is up

Open = Callable[[str, Endpoint], Instance]


@dataclass(frozen=True)
class External:
    """A ComfyUI that somebody else runs. Our node pack has to be installed in it."""

    name: str
    endpoint: Endpoint


class Member(ABC):
    """Keeps one instance going; there is none while it can't be started."""

    def __init__(self, name: str, *, limits: Limits, open_instance: Open) -> None:
        self.name = name
        self.instance: Instance | None = None
        self._limits = limits
        self._open_instance = open_instance
        self._trouble = "starting"
        self._url = ""

    @abstractmethod
    async def keep(self) -> None:
        """Until cancelled."""

    @property
    def status(self) -> InstanceStatus:
        if (instance := self.instance) is None:
            return InstanceStatus(
                name=self.name, url=self._url, usable=False, state=self._trouble or "stopped"
            )
        return InstanceStatus(
            name=self.name,
            url=self._url,
            usable=not instance.trouble,
            state=instance.trouble or "ready",
            device=instance.machine.device,
            version=instance.machine.version,
            checkpoint=instance.checkpoint,
            running=len(instance.jobs),
            jobs=tuple(instance.jobs),
            runs=instance.runs,
            failed=instance.failed,
            misses=instance.misses,
        )

    @asynccontextmanager
    async def _opened(self, endpoint: Endpoint) -> AsyncIterator[Instance]:
        self._url = endpoint.shown
        async with self._open_instance(self.name, endpoint) as instance:
            self.instance = instance
            try:
                yield instance
            finally:
                self.instance = None


class ExternalMember(Member):
    def __init__(self, spec: External, *, limits: Limits, open_instance: Open) -> None:
        super().__init__(spec.name, limits=limits, open_instance=open_instance)
        self._spec = spec

    async def keep(self) -> None:
        async with self._opened(self._spec.endpoint) as instance:
            while True:
                await instance.verify()
                await instance.wait_for_doubt(within=self._limits.probe)


class ManagedMember(Member):
    def __init__(self, spec: Managed, *, limits: Limits, open_instance: Open) -> None:
        super().__init__(spec.name, limits=limits, open_instance=open_instance)
        self._spec = spec
        self._most_memory = limits.memory * psutil.virtual_memory().total  # bytes

    async def keep(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while True:
            began = clock()
            try:
                self._trouble = await self._live_once()
                continue
            except (InstanceUnusable, OSError) as error:
                self._trouble = getattr(error, "detail", "") or str(error)
                log.warning("%s: %s", self.name, self._trouble)
            if clock() - began > self._limits.boot:  # it was well for a while
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._limits.longest_pause)

    async def _live_once(self) -> str:
        """One process from start to end, and why the next one is due. Raises InstanceUnusable with
        the reason if it did not end well."""
        async with (
            started(self._spec, self._limits) as process,
            self._opened(process.endpoint) as instance,
        ):
            await self._boot(process, instance)
            while True:
                await self._until_check(process, instance)
                await instance.verify()
                if instance.condemned or instance.misses >= self._limits.misses:
                    raise InstanceUnusable(detail=instance.trouble)
                if reason := self._wear(process, instance):
                    await self._retire(process, instance, reason)
                    return reason
                if process.log_size > LONGEST_LOG:
                    await asyncio.to_thread(rotate, process.log)

    def _wear(self, process: ComfyProcess, instance: Instance) -> str:
        """Why it had better be another process; empty: it need not. Each is good for some run."""
        if instance.runs and process.memory > self._most_memory:
            return "recycled, for the memory that it holds"
        if self._limits.runs and instance.runs >= self._limits.runs:
            return f"recycled, after {instance.runs} runs"
        return ""

    async def _retire(self, process: ComfyProcess, instance: Instance, reason: str) -> None:
        """Let its runs come to their end."""
        retiring = asyncio.create_task(instance.retire(reason))
        await _first_of(process.exited, retiring)

    async def _boot(self, process: ComfyProcess, instance: Instance) -> None:
        try:
            async with asyncio.timeout(self._limits.boot):
                while not await instance.verify():
                    await asyncio.wait([process.exited], timeout=BOOT_CHECK)
                    self._check_alive(process)
        except TimeoutError as error:
            raise InstanceUnusable(
                detail=f"not ready after {self._limits.boot:g} s: {instance.trouble}; "
                f"see {process.log}"
            ) from error

    async def _until_check(self, process: ComfyProcess, instance: Instance) -> None:
        doubt = asyncio.create_task(instance.wait_for_doubt(within=self._limits.probe))
        await _first_of(process.exited, doubt)
        self._check_alive(process)

    def _check_alive(self, process: ComfyProcess) -> None:
        if process.exited.done():
            code = process.exited.result()
            raise InstanceUnusable(detail=f"ComfyUI ended with status {code}; see {process.log}")


async def _first_of(exited: asyncio.Future[int], task: asyncio.Future[None]) -> None:
    """Wait for either; the task does not go on afterwards."""
    try:
        either: set[asyncio.Future[Any]] = {exited, task}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
