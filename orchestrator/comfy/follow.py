"""Follows one run to its end: by what is heard of it and, in silence, by asking."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.comfy.answers import History, Mark
from orchestrator.comfy.client import Client
from orchestrator.comfy.events import NodeProgressed, NodeStarted, RunEnded, RunStarted
from orchestrator.comfy.faults import explain_failure, title
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.listener import Closed, Connected, Disconnected, Ear, Heard, Listener
from orchestrator.errors import InstanceUnusable, OutOfMemory, RunFailed, RunLost, RunTimedOut
from orchestrator.models import Graph, Progress


class InterruptedByOthers(RunLost):
    """Somebody else interrupted the run"""


@dataclass(frozen=True)
class Run:
    id: str  # ComfyUI's
    mark: Mark
    graph: Graph
    client_id: str = ""  # it was submitted with; empty: nobody hears of it
    limit: float | None = None  # seconds in the executor; None: that of all


class Follower:
    """Done is what the history says; `executing {node: null}` is only the best moment to ask."""

    def __init__(
        self,
        run: Run,
        *,
        client: Client,
        listener: Listener,
        limits: Limits,
        report: Callable[[Progress], None],
    ) -> None:
        self._run = run
        self._client = client
        self._listener = listener
        self._limits = limits
        self._report = report
        self._longest = run.limit or limits.run  # seconds
        self._clock = asyncio.get_running_loop().time
        now = self._clock()
        self._submitted = now
        self._started: float | None = None  # in the executor
        self._sign: float | None = None  # of life, heard of this run
        self._answer = now  # of the instance
        self._quiet_since = now if run.client_id else 0.0  # else ask at once

    async def history(self, ear: Ear) -> History:
        """What ComfyUI recorded of the run, once it has ended.

        Raises RunLost, RunTimedOut, and InstanceUnusable if the run is never started.
        """
        while True:
            heard = await ear.next(within=self._quiet_until() - self._clock())
            self._note(heard)
            if self._is_time_to_ask(heard):
                history = await self._ask()
                if history is not None:
                    return history
            self._check_limits()

    def _quiet_until(self) -> float:
        patience = self._limits.silence if self._is_heard() else self._limits.deaf
        return self._quiet_since + patience

    def _is_heard(self) -> bool:
        return bool(self._run.client_id) and self._listener.client_id == self._run.client_id

    def _note(self, heard: Heard | None) -> None:
        if isinstance(heard, Closed):
            raise RunLost(detail="ComfyUI has stopped")
        if getattr(heard, "run", None) != self._run.id:
            return
        self._sign = self._quiet_since = self._clock()
        match heard:
            case RunStarted():
                self._note_start()
            case NodeStarted(node=node):
                self._note_start()
                self._report(Progress(step=0, steps=1, node=title(self._run.graph, node)))
            case NodeProgressed(node=node, step=step, steps=steps):
                self._report(Progress(step=step, steps=steps, node=title(self._run.graph, node)))

    def _note_start(self) -> None:
        if self._started is None:
            self._started = self._clock()

    def _is_time_to_ask(self, heard: Heard | None) -> bool:
        if isinstance(heard, RunEnded):
            return heard.run == self._run.id
        return isinstance(heard, Connected | Disconnected) or self._clock() >= self._quiet_until()

    async def _ask(self) -> History | None:
        """None: it waits or runs, or there is no answer just now."""
        try:
            history = await self._look_up()
        except InstanceUnusable as error:
            if self._clock() - self._answer > self._limits.unreachable:
                raise RunLost(detail=f"ComfyUI can't be reached: {error.detail}") from error
            return None
        finally:
            self._quiet_since = self._clock()
        self._answer = self._quiet_since
        return history

    async def _look_up(self) -> History | None:
        """Raises RunLost if ComfyUI does not know the run."""
        if (history := await self._client.history(self._run.id)) is not None:
            return history
        queue = await self._client.queue()
        if self._run.id in queue.running_ids:
            self._note_start()
        if any(entry.run == self._run.id for entry in queue):
            return None
        history = await self._client.history(self._run.id)  # it may have ended in between
        if history is None:
            raise RunLost(detail="it is neither in the queue nor in the history")
        return history

    def _check_limits(self) -> None:
        now = self._clock()
        if self._started is None:
            if now - self._submitted > self._limits.wait:
                raise InstanceUnusable(detail=f"no run was started for {self._limits.wait:g} s")
        elif now - self._started > self._longest:
            raise RunTimedOut(detail=f"{self._longest:g} s")
        elif self._is_heard() and self._sign and now - self._sign > self._limits.stall:
            raise RunLost(detail=f"no sign of progress for {self._limits.stall:g} s")


def judge(history: History, graph: Graph) -> None:
    """Raises what ended the run, unless it succeeded."""
    if (failure := history.failure) is not None:
        kind = OutOfMemory if failure.is_out_of_memory else RunFailed
        raise kind(explain_failure(graph, failure))
    if history.interrupted:
        raise InterruptedByOthers
    if not history.succeeded:
        raise RunLost(detail="its history does not say that it succeeded")
