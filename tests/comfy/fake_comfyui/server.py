"""The HTTP side of a fake ComfyUI: its own routes, those of our node pack, and `/fake` to tell it
how to behave."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Self
from uuid import uuid4

from aiohttp import WSMsgType, web

from comfy_nodes.delivery import Limits, Results, add_routes

from .behaviour import Behaviour, Mood
from .distortion import distorted
from .executor import Executor, FakeRun, Sockets
from .pictures import Paint, paint_nothing

SYSTEM_STATS = {"system": {"comfyui_version": "0.3.1"}, "devices": [{"name": "fake"}]}


class FakeComfyUI:
    def __init__(
        self,
        *,
        dated: bool = True,
        behaviour: Behaviour | None = None,
        mood: Mood | None = None,
        paint: Paint = paint_nothing,
        object_info: dict[str, Any] | None = None,
    ) -> None:
        self.dated = dated  # the newer generation
        self.behaviour = behaviour or Behaviour()
        self.boot = uuid4().hex
        self.headers_seen: list[str] = []  # X-Key of each request
        self.object_info = object_info or {"KSampler": {}}
        self.submissions = 0
        self.connections = 0  # of websockets, so far
        self.freed = 0  # how often it was told to free memory
        self._mood = mood or Mood()
        self._results = Results(Limits(results=1000), workers=1)
        self._sockets = Sockets()
        self.executor = Executor(self._sockets, self._results, dated=dated, paint=paint)
        self._runs: dict[str, FakeRun] = {}  # by delivery

    # --- start and stop -------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        return await self.start(port=0)

    async def start(self, *, port: int) -> Self:
        self._runner = web.AppRunner(self._app(), shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._executing = asyncio.create_task(self.executor.execute_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._executing.cancel()
        await self.cut()
        await self._runner.cleanup()

    # --- what is told and asked by tests --------------------------------------------------------

    def behave(self, **changes: Any) -> None:
        """From now on; runs that are queued already keep theirs."""
        self.behaviour = self.behaviour.told(**changes)
        self.executor.takes_up_runs = self.behaviour.takes_up_runs

    async def cut(self) -> None:
        """Close every websocket."""
        await self._sockets.close()

    async def restart(self) -> None:
        """As if the process had ended and begun anew."""
        self.boot = uuid4().hex
        await self.executor.forget()

    @property
    def may_end(self) -> asyncio.Event:
        """Cleared: runs go on until it is set."""
        return self.executor.may_end

    @property
    def running(self) -> FakeRun | None:
        return self.executor.running

    @property
    def pending(self) -> list[FakeRun]:
        return self.executor.pending

    @property
    def history(self) -> dict[str, Any]:
        return self.executor.history

    # --- routes ---------------------------------------------------------------------------------

    def _app(self) -> web.Application:
        pack = web.RouteTableDef()
        add_routes(pack, self._results)
        app = web.Application(middlewares=[self._misbehave], client_max_size=64 * 2**20)
        app.add_routes(
            [
                web.get("/ws", self._listen),
                web.get("/imgen/version", _answer(self._version)),
                *(route for route in pack if "results" in getattr(route, "path", "")),
                web.get("/system_stats", _answer(lambda _: SYSTEM_STATS)),
                web.get("/object_info", _answer(lambda _: self.object_info)),
                web.get("/queue", _answer(lambda _: self.executor.queue())),
                web.get("/history", _answer(lambda _: self.history)),
                web.get("/history/{run}", _answer(self._history)),
                web.post("/prompt", self._submit),
                web.post("/queue", self._unqueue),
                web.post("/interrupt", self._interrupt),
                web.post("/history", self._forget),
                web.post("/free", self._free),
                web.get("/fake", _answer(lambda _: self._counts())),
                web.post("/fake", self._told),
                web.post("/fake/cut", self._told_to(self.cut)),
                web.post("/fake/restart", self._told_to(self.restart)),
            ]
        )
        return app

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/fake"):
            return await handler(request)
        self.headers_seen.append(request.headers.get("X-Key", ""))
        del self.headers_seen[:-1000]
        if self.behaviour.hangs:
            await asyncio.Event().wait()
        if self.behaviour.status != 200:
            return web.json_response({"error": "told to"}, status=self.behaviour.status)
        run = self._runs.get(request.path.removeprefix("/imgen/results/"))
        if run is not None and request.method == "GET":
            return await distorted(run.behaviour, request, handler)
        return await handler(request)

    def _version(self, _: web.Request) -> dict[str, Any]:
        return {"pack": self.behaviour.version, "boot": self.boot}

    def _history(self, request: web.Request) -> dict[str, Any]:
        run = request.match_info["run"]
        return {run: self.history[run]} if run in self.history else {}

    async def _submit(self, request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(self.behaviour.takes_graphs_late)
        self.submissions += 1
        extra = {**body["extra_data"], "client_id": body["client_id"]}
        behaviour = self._mood.for_run(self.behaviour)
        run = FakeRun(uuid4().hex, body["prompt"], extra, behaviour)
        self._runs[run.delivery] = run
        self.executor.add(run)
        if behaviour.drops_answers and request.transport:
            request.transport.abort()
        answer = {"prompt_id": run.id, "number": 0, "node_errors": behaviour.leaves_out}
        return web.json_response(answer)

    async def _unqueue(self, request: web.Request) -> web.Response:
        self.executor.remove((await request.json())["delete"])
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("prompt_id")
        if self.behaviour.interrupts_late:
            await self.executor.next_run()
        run = self.running
        if run and not run.behaviour.deaf and (not self.dated or wanted in (None, run.id)):
            run.interrupted.set()
        return web.Response()

    async def _forget(self, request: web.Request) -> web.Response:
        for run in (await request.json())["delete"]:
            forgotten = self.history.pop(run, None)
            if forgotten:
                self._runs.pop(FakeRun.delivery_of(forgotten["prompt"][3]), None)
        return web.Response()

    async def _free(self, _: web.Request) -> web.Response:
        self.freed += 1
        if self.behaviour.curable:
            self.behave(error="")
        return web.Response()

    def _counts(self) -> dict[str, Any]:
        return {
            "submissions": self.submissions,
            "freed": self.freed,
            "behaviour": asdict(self.behaviour),
            **asdict(self.executor.tally),
            "busy": self.executor.busy,
        }

    async def _told(self, request: web.Request) -> web.Response:
        try:
            self.behave(**await request.json())
        except (TypeError, json.JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(self._counts())

    def _told_to(self, act: Callable[[], Any]) -> Any:
        async def handler(_: web.Request) -> web.Response:
            await act()
            return web.json_response(self._counts())

        return handler

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=self.behaviour.answers_pings)
        await socket.prepare(request)
        self.connections += 1
        name = request.query["clientId"]
        status = {"exec_info": {"queue_remaining": len(self.pending)}}
        await socket.send_json({"type": "status", "data": {"status": status, "sid": name}})
        with self._sockets.open(name, socket):
            async for message in socket:
                if message.type == WSMsgType.ERROR:
                    break
        return socket


def _answer(content: Callable[[web.Request], Any]) -> Any:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(content(request))

    return handler
