"""A fake ComfyUI that misbehaves on command, for faults that the real one can't produce at will.

It speaks both generations of the protocol. It paints nothing: every run delivers the same bytes.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import MultipartWriter, WSMsgType, web

PICTURE, THUMBNAIL = b"a picture", b"a thumbnail"
FACTS = {
    "width": 96,
    "height": 64,
    "format": "png",
    "fingerprint": "0" * 64,
    "fingerprint_quality": 100,
}


@dataclass
class FakeRun:
    id: str
    graph: dict[str, Any]
    extra: dict[str, Any]
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def entry(self) -> list[Any]:
        return [0, self.id, self.graph, self.extra, list(self.graph)]


class FakeComfyUI:
    def __init__(self, *, dated: bool) -> None:
        self.dated = dated  # the newer generation
        self.version = "fake"
        self.mute = False  # says nothing on its websockets
        self.steps = 3
        self.may_end = asyncio.Event()  # cleared: runs go on until it is set
        self.may_end.set()
        self.takes_up_runs = True
        self.writes_history = True
        self.leaves_out = {}  # node_errors of a graph of which some outputs are run
        self.drops_answers = False  # takes a graph and hangs up
        self.blocks = False  # says execution_error, and goes on
        self.says_success = True
        self.results = 200  # status of the answer
        self.incomplete = False  # results lack the thumbnail
        self.headers_seen: list[str] = []  # X-Key of each request

        self.running: FakeRun | None = None
        self.pending: list[FakeRun] = []
        self.history: dict[str, Any] = {}
        self.submissions = 0
        self._ids = count(1)
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._waiting = asyncio.Event()

    # --- start and stop -------------------------------------------------------------------------

    async def __aenter__(self) -> "FakeComfyUI":
        self._runner = web.AppRunner(self._app(), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._executor = asyncio.create_task(self._execute_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._executor.cancel()
        await self.cut()
        await self._runner.cleanup()

    async def cut(self) -> None:
        """Close every websocket."""
        for socket in list(self._sockets.values()):
            await socket.close()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._look])
        app.add_routes(
            [
                web.get("/ws", self._listen),
                web.get("/imgen/version", self._answer(lambda _: {"pack": self.version})),
                web.get("/system_stats", self._answer(lambda _: {"devices": [{"name": "fake"}]})),
                web.get("/object_info", self._answer(lambda _: {"KSampler": {}})),
                web.get("/queue", self._answer(lambda _: self._queue())),
                web.get("/history", self._answer(lambda _: self.history)),
                web.get("/history/{run}", self._answer(self._history)),
                web.post("/prompt", self._submit),
                web.post("/queue", self._unqueue),
                web.post("/interrupt", self._interrupt),
                web.post("/history", self._forget),
                web.get("/imgen/results/{job}/{attempt}", self._results),
                web.delete("/imgen/results/{job}/{attempt}", self._deleted),
            ]
        )
        return app

    # --- HTTP -----------------------------------------------------------------------------------

    @web.middleware
    async def _look(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.headers_seen.append(request.headers.get("X-Key", ""))
        return await handler(request)

    def _answer(self, content: Callable[[web.Request], Any]) -> Any:
        async def handler(request: web.Request) -> web.Response:
            return web.json_response(content(request))

        return handler

    def _queue(self) -> dict[str, Any]:
        running = [self.running.entry] if self.running else []
        return {"queue_running": running, "queue_pending": [run.entry for run in self.pending]}

    def _history(self, request: web.Request) -> dict[str, Any]:
        run = request.match_info["run"]
        return {run: self.history[run]} if run in self.history else {}

    async def _submit(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.submissions += 1
        extra = {**body["extra_data"], "client_id": body["client_id"]}
        run = FakeRun(f"run-{next(self._ids)}", body["prompt"], extra)
        self.pending.append(run)
        self._waiting.set()
        if self.drops_answers:
            request.transport.abort()
        answer = {"prompt_id": run.id, "number": 0, "node_errors": self.leaves_out}
        return web.json_response(answer)

    async def _unqueue(self, request: web.Request) -> web.Response:
        unwanted = (await request.json())["delete"]
        self.pending = [run for run in self.pending if run.id not in unwanted]
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("prompt_id")
        if self.running and (not self.dated or wanted in (None, self.running.id)):
            self.running.interrupted.set()
        return web.Response()

    async def _forget(self, request: web.Request) -> web.Response:
        for run in (await request.json())["delete"]:
            self.history.pop(run, None)
        return web.Response()

    async def _results(self, _: web.Request) -> web.Response:
        if self.results != 200:
            return web.json_response({"error": "no paint"}, status=self.results)
        parts = MultipartWriter("mixed")
        parts.append_json([FACTS])
        for name, data in {"picture-1": PICTURE, "thumbnail-1": THUMBNAIL}.items():
            if not (self.incomplete and name == "thumbnail-1"):
                part = parts.append(data, {"Content-Type": "image/png"})
                part.set_content_disposition("attachment", name=name)
        return web.Response(body=parts)

    async def _deleted(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    # --- websocket and executor -----------------------------------------------------------------

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        name = request.query["clientId"]
        self._sockets[name] = socket
        status = {"status": {"exec_info": {"queue_remaining": len(self.pending)}}, "sid": name}
        await socket.send_json({"type": "status", "data": status})
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
        self._sockets.pop(name, None)
        return socket

    async def _say(self, run: FakeRun, kind: str, **data: Any) -> None:
        socket = self._sockets.get(run.extra["client_id"])
        if socket is not None and not self.mute:
            message = {"type": kind, "data": {"prompt_id": run.id, **data}}
            await socket.send_bytes(b"\x00\x00\x00\x01\x00\x00\x00\x01a preview")
            await socket.send_str(json.dumps(message))

    async def _execute_forever(self) -> None:
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
        messages: list[tuple[str, dict[str, Any]]] = []

        async def record(kind: str, **data: Any) -> None:
            messages.append((kind, {"prompt_id": run.id, **data, **self._date()}))
            await self._say(run, kind, **data, **self._date())

        await record("execution_start")
        await record("execution_cached", nodes=[])
        await self._paint(run)
        if run.interrupted.is_set():
            await record("execution_interrupted", node_id="1")
        elif self.dated and self.says_success:
            await record("execution_success")
        status = {"completed": not run.interrupted.is_set(), "messages": messages}
        if self.writes_history:
            self.history[run.id] = {"prompt": run.entry, "outputs": {}, "status": status}
        self.running = None
        await self._say(run, "executing", node=None)

    def _date(self) -> dict[str, int]:
        return {"timestamp": 1} if self.dated else {}

    async def _paint(self, run: FakeRun) -> None:
        await self._say(run, "executing", node="1")
        for step in range(1, self.steps + 1):
            await self._say(run, "progress", node="1", value=step, max=self.steps)
        if self.blocks:
            await self._say(run, "execution_error", node_id="1", exception_type="ExecutionBlocked")
        ends = [asyncio.create_task(e.wait()) for e in (self.may_end, run.interrupted)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()
