"""The executor of a fake ComfyUI: one run after the other, each as it was told to go."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from comfy_nodes.delivery import Results
from comfy_nodes.marks.finish import Finished

from .behaviour import Behaviour
from .pictures import Paint

PREVIEW = b"\x00\x00\x00\x01\x00\x00\x00\x01a preview"


@dataclass
class FakeRun:
    id: str
    graph: dict[str, Any]
    extra: dict[str, Any]
    behaviour: Behaviour
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)  # may end, whatever others do

    @staticmethod
    def delivery_of(extra: dict[str, Any]) -> str:
        mark = extra.get("imgen", {})
        return f"{mark.get('job')}/{mark.get('attempt')}"

    @property
    def delivery(self) -> str:
        return self.delivery_of(self.extra)

    @property
    def entry(self) -> list[Any]:
        return [0, self.id, self.graph, self.extra, list(self.graph)]

    @property
    def checkpoint(self) -> str:
        names = (str(node["inputs"].get("ckpt_name", "")) for node in self.graph.values())
        return "".join(names)


@dataclass
class Tally:
    ended: int = 0
    busy: float = 0.0  # seconds, of runs that have ended
    switches: int = 0  # of the checkpoint
    runs: dict[str, int] = field(default_factory=dict)  # that were begun, by job


class Sockets:
    """The open websockets by client id; as in the real one the last to come is the one."""

    def __init__(self) -> None:
        self._open: dict[str, web.WebSocketResponse] = {}

    @contextmanager
    def open(self, name: str, socket: web.WebSocketResponse) -> Iterator[None]:
        self._open[name] = socket
        try:
            yield
        finally:
            self._open.pop(name, None)

    async def close(self) -> None:
        for socket in list(self._open.values()):
            await socket.close()

    async def say(self, name: str, message: dict[str, Any]) -> None:
        socket = self._open.get(name)
        if socket is None:
            return
        with suppress(ConnectionError):
            await socket.send_bytes(PREVIEW)
            await socket.send_str(json.dumps(message))


class Executor:
    def __init__(self, sockets: Sockets, results: Results, *, dated: bool, paint: Paint) -> None:
        self.running: FakeRun | None = None
        self.pending: list[FakeRun] = []
        self.history: dict[str, Any] = {}
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.takes_up_runs = True
        self.tally = Tally()
        self._began = 0.0  # the run that is under way
        self._checkpoint = ""
        self._made: Finished | None = None  # by the last run
        self._sockets = sockets
        self._results = results
        self._dated = dated
        self._paint = paint
        self._waiting = asyncio.Event()

    @property
    def busy(self) -> float:
        """Seconds, that of the run that is under way included."""
        under_way = asyncio.get_running_loop().time() - self._began if self.running else 0.0
        return self.tally.busy + under_way

    def queue(self) -> dict[str, Any]:
        running = [self.running.entry] if self.running else []
        return {"queue_running": running, "queue_pending": [run.entry for run in self.pending]}

    def add(self, run: FakeRun) -> None:
        self.pending.append(run)
        self._waiting.set()

    def remove(self, runs: list[str]) -> None:
        self.pending = [run for run in self.pending if run.id not in runs]

    async def next_run(self) -> None:
        """Let the run that is under way end, and the next one begin."""
        former = self.running
        if former and self.pending:
            former.released.set()
            while self.running in (None, former):  # noqa: ASYNC110 - the executor tells nobody
                await asyncio.sleep(0.001)

    async def forget(self) -> None:
        """What a new process knows: nothing."""
        if self.running:
            self._results.discard(self.running.delivery)
            self.running.interrupted.set()
        for record in self.history.values():
            self._results.discard(FakeRun.delivery_of(record["prompt"][3]))
        self.running, self.pending, self.history = None, [], {}
        self._checkpoint = ""
        await self._sockets.close()

    async def execute_forever(self) -> None:
        while True:
            await self._waiting.wait()
            if not self.takes_up_runs:
                return
            if not self.pending:
                self._waiting.clear()
                continue
            self.running = self.pending.pop(0)
            await self._execute(self.running)

    async def _execute(self, run: FakeRun) -> None:
        clock = asyncio.get_running_loop().time
        self._began, messages = clock(), []
        self._count(run)

        async def record(kind: str, **data: Any) -> None:
            messages.append((kind, {"prompt_id": run.id, **data, **self._date()}))
            await self._say(run, kind, **data, **self._date())

        await record("execution_start")
        await record("execution_cached", nodes=[])
        await self._work(run)
        if self.running is not run:  # it was forgotten
            return
        await self._end(run, record)
        completed = messages[-1][0] not in ("execution_interrupted", "execution_error")
        status = {"completed": completed, "messages": messages}
        if run.behaviour.writes_history:
            self.history[run.id] = {"prompt": run.entry, "outputs": {}, "status": status}
        self.running = None
        self.tally.ended += 1
        self.tally.busy += clock() - self._began
        await self._say(run, "executing", node=None)

    def _count(self, run: FakeRun) -> None:
        job = run.delivery.partition("/")[0]
        self.tally.runs[job] = self.tally.runs.get(job, 0) + 1

    async def _end(self, run: FakeRun, record: Any) -> None:
        kind, _, message = run.behaviour.error.partition(": ")
        if run.interrupted.is_set():
            await record("execution_interrupted", node_id="1")
        elif kind:
            fault = {"exception_type": kind, "exception_message": message}
            await record("execution_error", node_id="1", **fault)
        else:
            self._deliver(run)
            if self._dated and run.behaviour.says_success:
                await record("execution_success")

    def _deliver(self, run: FakeRun) -> None:
        earlier = self._made if run.behaviour.repeats else None

        def work() -> list[Finished]:
            self._made = earlier or self._paint(run.graph)
            return [self._made]

        self._results.submit(run.delivery, work)

    async def _work(self, run: FakeRun) -> None:
        how = run.behaviour
        await self._load(run)
        await self._say(run, "executing", node="1")
        for step in range(1, how.steps + 1):
            for _ in range(how.flood):
                await self._say(run, "progress", node="1", value=step, max=how.steps)
            await _wait_for_any(run.interrupted, within=how.seconds / how.steps)
        if how.blocks:
            await self._say(run, "execution_error", node_id="1", exception_type="ExecutionBlocked")
        if how.cuts:
            await self._sockets.close()
        ends = [self.may_end, run.released] if how.ends else []
        await _wait_for_any(run.interrupted, *ends)
        if how.forgets:
            await self.forget()

    async def _load(self, run: FakeRun) -> None:
        if run.checkpoint != self._checkpoint:
            self._checkpoint = run.checkpoint
            self.tally.switches += 1
            await asyncio.sleep(run.behaviour.loading)

    async def _say(self, run: FakeRun, kind: str, **data: Any) -> None:
        if not run.behaviour.mute:
            message = {"type": kind, "data": {"prompt_id": run.id, **data}}
            await self._sockets.say(run.extra["client_id"], message)

    def _date(self) -> dict[str, int]:
        return {"timestamp": 1} if self._dated else {}


async def _wait_for_any(*events: asyncio.Event, within: float | None = None) -> None:
    if any(event.is_set() for event in events) or within == 0:
        return
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
