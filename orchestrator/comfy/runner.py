"""Runs graphs on one ComfyUI and fetches what they deliver."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from orchestrator.comfy.answers import Entry, History, Mark, Queue
from orchestrator.comfy.client import Client, NotReached
from orchestrator.comfy.follow import Follower, InterruptedByOthers, Run, judge
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.listener import Listener
from orchestrator.errors import InstanceUnusable, OutOfMemory, RunError, RunFailed, RunLost
from orchestrator.models import Artifact, Graph, Job, Progress

log = logging.getLogger(__name__)

SUBMISSIONS = 3  # of one run that others interrupt
FINISHING_CLASS = "ImgenFinish"  # the node that delivers
INPUT_CLASSES = ("ImgenInputImage", "ImgenInputMask")  # nodes that take pictures of the request
LONG_POLL = 10.0  # seconds that one request for results is held
WITHDRAWAL_PAUSE = 0.2  # seconds between two looks at the queue


class Condemn(Protocol):
    """Called with the reason why no run is to be given to the instance any more, until it was
    restarted or its queue shows that it has recovered."""

    def __call__(self, reason: str, *, until: Callable[[Queue], bool] = ...) -> None: ...


class Runner:
    def __init__(
        self,
        client: Client,
        listener: Listener,
        *,
        limits: Limits,
        condemn: Condemn,
    ) -> None:
        self._client = client
        self._listener = listener
        self._limits = limits
        self._condemn = condemn

    async def execute(self, job: Job, report: Callable[[Progress], None]) -> Run:
        """Run the job's graph, or go on with its run that is under way, until the executor is done.

        Raises RunFailed, RunLost, RunTimedOut, InstanceUnusable. If it does not end well, also by
        cancellation, nothing of it is left in ComfyUI's queue.
        """
        has_freed = False
        for _ in range(SUBMISSIONS):
            run, history = await self._followed(job, report)
            try:
                self._judge(history, run.graph)
            except InterruptedByOthers:
                await self.discard(run)
                log.warning("job %s: its run was interrupted by others", job.id)
            except OutOfMemory as error:
                await self.discard(run)
                if has_freed:
                    raise
                log.warning("job %s: %s; freeing memory for another try", job.id, error)
                await self._client.free_memory()
                has_freed = True
            except RunError:
                await self.discard(run)
                raise
            else:
                return run
        raise InterruptedByOthers

    async def find(self, job: Job) -> Run | None:
        """The job's run that waits, runs or has succeeded here."""
        for run, mark in await self._known():
            if mark.job == str(job.id):
                return Run(run, mark, job.plan.graph, limit=job.plan.run_limit)
        return None

    async def jobs(self) -> frozenset[str]:
        """Whose runs wait, run or have succeeded here."""
        return frozenset(mark.job for _, mark in await self._known())

    async def _known(self) -> list[tuple[str, Mark]]:
        entries = list(await self._client.queue())
        entries += [h.entry for h in await self._client.recent_history() if h.succeeded]
        return [(entry.run, entry.mark) for entry in entries if entry.mark is not None]

    async def artifacts(self, run: Run) -> tuple[Artifact, ...]:
        """The bytes of a run that has ended well. Raises RunLost, RunFailed."""
        try:
            return await self._fetch(run.mark)
        except RunError:
            await self.discard(run)  # so that nobody finds a success without bytes
            raise

    async def discard(self, run: Run) -> None:
        """Forget the run and its bytes; what can't be forgotten now is only left lying there."""
        try:
            await self._client.forget(run.id)
            await self._client.delete_results(run.mark)
        except InstanceUnusable as error:
            log.info("run %s is left where it is: %s", run.id, error)

    async def _followed(self, job: Job, report: Callable[[Progress], None]) -> tuple[Run, History]:
        with self._listener.listen() as ear:
            try:
                run = await self._begin(job)
                follower = Follower(
                    run,
                    client=self._client,
                    listener=self._listener,
                    limits=self._limits,
                    report=report,
                )
                return run, await follower.history(ear)
            except BaseException:
                await self._withdraw(job)
                raise

    async def _begin(self, job: Job) -> Run:
        if job.attempt > 1 and (found := await self.find(job)) is not None:
            log.info("job %s goes on with run %s", job.id, found.id)
            return found
        client_id = await self._listener.connected(within=self._limits.connect)
        try:
            return await _to_its_end(self._submit(job, client_id))
        except NotReached:
            raise
        except InstanceUnusable:
            found = await self._find_patiently(job)  # perhaps only the answer was lost
            if found is None:
                raise
            return found

    async def _submit(self, job: Job, client_id: str) -> Run:
        mark = Mark(str(job.id), job.attempt)
        graph = addressed(job.plan.graph, mark)
        submitted = await self._client.submit(graph, client_id=client_id, mark=mark)
        if submitted.refusal:
            raise RunFailed(submitted.refusal)
        return Run(submitted.run, mark, graph, client_id, limit=job.plan.run_limit)

    async def _find_patiently(self, job: Job) -> Run | None:
        """None: it is known not to be there, or to be out of reach for too long to matter."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._limits.unreachable
        while not self._listener.closed and clock() < deadline:
            try:
                return await self.find(job)
            except InstanceUnusable as error:
                log.info("job %s: its run is asked for again: %s", job.id, error)
                await asyncio.sleep(self._limits.deaf)
        return None

    def _judge(self, history: History, graph: Graph) -> None:
        if history.failure is not None and history.failure.poisons_process:
            self._condemn(f"{history.failure.exception}: the device needs a restart")
        judge(history, graph)

    async def _withdraw(self, job: Job) -> None:
        """Take the job's runs out of the queue, but for those of a later attempt. Older versions
        interrupt whatever runs, so the queue is read right before; a neighbour that is hit all the
        same submits itself again.
        """
        if self._listener.closed:  # ComfyUI has stopped, and its queue with it
            return
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._limits.withdrawal
        try:
            while left := await self._withdraw_once(job):
                if clock() > deadline:
                    self._condemn("a run can't be interrupted", until=_gone(left))
                    return
                await asyncio.sleep(WITHDRAWAL_PAUSE)
        except (InstanceUnusable, TimeoutError) as error:
            log.warning("job %s may still run: %s", job.id, str(error) or "no answer in time")

    async def _withdraw_once(self, job: Job) -> list[Entry]:
        """What was left to withdraw."""
        async with asyncio.timeout(self._limits.parting):
            queue = await self._client.queue()
            ours = [entry for entry in queue if entry.mark and entry.mark.is_of(job)]
            for entry in ours:
                running = entry.run in queue.running_ids
                withdraw = self._client.interrupt if running else self._client.unqueue
                await withdraw(entry.run)
            return ours

    async def _fetch(self, mark: Mark) -> tuple[Artifact, ...]:
        clock = asyncio.get_running_loop().time
        deadline, obstacle = clock() + self._limits.results, ""
        while (left := deadline - clock()) > 0:
            try:
                found = await self._client.results(mark, wait=min(LONG_POLL, left))
            except InstanceUnusable as error:
                if self._listener.closed:
                    raise RunLost(detail=f"its bytes are out of reach: {error.detail}") from error
                obstacle = f": {error.detail}"
                await asyncio.sleep(self._limits.deaf)
            else:
                if found is not None:
                    return found
        raise RunLost(detail=f"its bytes did not come in time{obstacle}")


def addressed(graph: Graph, mark: Mark) -> Graph:
    """A copy whose finishing nodes deliver under this mark, and whose input nodes take the
    pictures of this job."""
    return {node: {**found, "inputs": _inputs(found, mark)} for node, found in graph.items()}


def _inputs(node: Mapping[str, Any], mark: Mark) -> dict[str, Any]:
    inputs = dict(node["inputs"])
    if node["class_type"] == FINISHING_CLASS:
        inputs["delivery"] = mark.delivery
    if node["class_type"] in INPUT_CLASSES:
        inputs["source"] = f"{mark.job}/{inputs['source']}"
    return inputs


def _gone(entries: list[Entry]) -> Callable[[Queue], bool]:
    stuck = frozenset(entry.run for entry in entries)
    return lambda queue: not stuck & queue.running_ids


async def _to_its_end(work: Coroutine[Any, Any, Run]) -> Run:
    """If cancelled meanwhile, be cancelled after it: a run must not begin behind our back."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
