"""Keeps one websocket to a ComfyUI open and hands every event to whoever listens."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from orchestrator.comfy.endpoint import Endpoint
from orchestrator.comfy.events import Event, parse_event
from orchestrator.comfy.limits import Limits

log = logging.getLogger(__name__)

LARGEST_FRAME = 64 * 2**20  # bytes; previews of custom nodes can be large
PING = 20.0  # seconds; ComfyUI itself never notices a link that is half open
PONG = 60.0  # seconds; its server shares one interpreter with the executor
FIRST_PAUSE = 0.1  # seconds


@dataclass(frozen=True)
class Connected:
    """What was said meanwhile is lost: ask."""


@dataclass(frozen=True)
class Disconnected:
    """Nothing more will be heard on this connection: ask."""


@dataclass(frozen=True)
class Closed:
    """The instance is gone for good."""


Heard = Event | Connected | Disconnected | Closed


class Ear:
    """What is heard from its creation on, in order."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[Heard] = asyncio.Queue()

    def put(self, heard: Heard) -> None:
        self._heard.put_nowait(heard)

    async def next(self, *, within: float) -> Heard | None:
        """None: nothing was heard within so many seconds."""
        try:
            async with asyncio.timeout(within):
                return await self._heard.get()
        except TimeoutError:
            return None


class Listener:
    """Every connection has a client id of its own: a server that notices late that an old one is
    dead takes a new one with the same id down with it. So a run that was submitted with the id of
    an earlier connection is heard no more, and has to be asked for.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._ears: set[Ear] = set()
        self._connected = asyncio.Event()
        self._hurry = asyncio.Event()
        self._pause = FIRST_PAUSE  # before the next try to connect
        self.client_id = ""  # of the open connection; empty: there is none
        self.closed = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._stay_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True
        self._task.cancel()
        await asyncio.wait([self._task])
        self._tell(Closed())

    def hurry(self) -> None:
        """It answers now: connect without waiting any longer."""
        self._hurry.set()

    @contextmanager
    def listen(self) -> Iterator[Ear]:
        ear = Ear()
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)

    async def connected(self, *, within: float) -> str:
        """The client id to submit with; a new one that nobody hears if there is no connection."""
        try:
            async with asyncio.timeout(within):
                await self._connected.wait()
        except TimeoutError:
            log.warning("%s: no websocket, submitting without", self._endpoint.shown)
        return self.client_id or uuid4().hex

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._hear()
            except (OSError, TimeoutError, WebSocketException) as error:
                log.info("%s: websocket: %r", self._endpoint.shown, error)
            await self._wait_for_hurry(within=self._pause)
            self._pause = min(self._pause * 2, self._limits.longest_pause)

    async def _hear(self) -> None:
        """Until the connection ends."""
        async with self._connection() as socket:
            self._pause = FIRST_PAUSE
            async for frame in socket:
                self._tell(parse_event(frame))

    async def _wait_for_hurry(self, *, within: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._hurry.wait()
        self._hurry.clear()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[ClientConnection]:
        client_id = uuid4().hex
        async with connect(
            f"{self._endpoint.websocket}?clientId={client_id}",
            additional_headers=self._endpoint.headers,
            ssl=self._endpoint.websocket_tls,
            proxy=None,
            compression=None,
            max_size=LARGEST_FRAME,
            open_timeout=self._limits.answer,
            ping_interval=PING,
            ping_timeout=PONG,
            close_timeout=1,
        ) as socket:
            async with asyncio.timeout(self._limits.answer):
                await socket.recv()  # the greeting: from now on the server knows this client id
            self.client_id = client_id
            self._connected.set()
            self._tell(Connected())
            try:
                yield socket
            finally:
                self.client_id = ""
                self._connected.clear()
                self._tell(Disconnected())

    def _tell(self, heard: Heard) -> None:
        for ear in self._ears:
            ear.put(heard)
