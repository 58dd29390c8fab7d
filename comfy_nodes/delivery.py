"""Finished pictures wait here, in memory, until the service has fetched and deleted them."""

import asyncio
import json
import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from aiohttp import MultipartWriter, web

from .answers import digest_of, refusal
from .marks import VERSION
from .marks.finish import Finished

MAX_WAIT = 30.0  # seconds that one request may wait for a result
BOOT = secrets.token_hex(16)  # tells this process from the next one at the same address

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    artifacts: Sequence[Finished] = ()
    error: str = ""

    @property
    def size(self) -> int:
        return sum(len(made.picture) + len(made.thumbnail) for made in self.artifacts)


@dataclass(frozen=True)
class Limits:
    """Beyond any of these the oldest results that are finished are forgotten."""

    results: int = 64
    size: int = 512 * 1024 * 1024  # bytes
    age: float = 900.0  # seconds since the run handed its pictures over
    unfinished: int = 8  # runs whose pictures are being finished; the next one waits
    patience: float = 120.0  # seconds that it waits


@dataclass(frozen=True)
class _Entry:
    outcome: Future[Outcome]
    since: float


@dataclass
class Results:
    """Runs work on a few threads of its own and keeps what came of it. Thread-safe."""

    limits: Limits = field(default_factory=Limits)
    workers: int = 2
    clock: Callable[[], float] = time.monotonic  # seconds

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="imgen-finish")
        self._room = threading.BoundedSemaphore(self.limits.unfinished)
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}  # oldest first

    def submit(self, delivery: str, work: Callable[[], Sequence[Finished]]) -> None:
        """Begin the work; from now on the delivery is known. Raises RuntimeError if the threads
        stay behind for longer than the patience."""
        if not self._room.acquire(timeout=self.limits.patience):
            raise RuntimeError(f"{self.limits.unfinished} runs are still being finished")
        outcome = self._pool.submit(_outcome, delivery, work)
        with self._lock:
            self._entries.pop(delivery, None)
            self._entries[delivery] = _Entry(outcome, self.clock())
        outcome.add_done_callback(self._finished)

    def get(self, delivery: str) -> Future[Outcome] | None:
        with self._lock:
            self._forget_old()
            entry = self._entries.get(delivery)
        return entry and entry.outcome

    def discard(self, delivery: str) -> None:
        with self._lock:
            self._entries.pop(delivery, None)

    def _finished(self, _: Future[Outcome]) -> None:
        self._room.release()
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        done = {key: entry for key, entry in self._entries.items() if entry.outcome.done()}
        size = sum(entry.outcome.result().size for entry in done.values())
        count, oldest = len(done), self.clock() - self.limits.age
        for key, entry in done.items():
            if count <= self.limits.results and size <= self.limits.size and entry.since > oldest:
                break
            del self._entries[key]
            size -= entry.outcome.result().size
            count -= 1


def _outcome(delivery: str, work: Callable[[], Sequence[Finished]]) -> Outcome:
    """What the service is told, a failure included: it has no other way to learn of one."""
    try:
        return Outcome(artifacts=tuple(work()))
    except Exception as error:
        log.exception("the pictures of %s could not be finished", delivery)
        return Outcome(error=f"{type(error).__name__}: {error}")


def add_routes(table: web.RouteTableDef, results: Results) -> None:
    @table.get("/imgen/version")
    async def version(_: web.Request) -> web.Response:
        return web.json_response({"pack": VERSION, "boot": BOOT})

    @table.get("/imgen/results/{job}/{attempt}")
    async def fetch(request: web.Request) -> web.Response:
        wait = _seconds(request.query.get("wait", "0"))
        if wait is None:
            return refusal("wait is a number of seconds", status=400)
        pending = results.get(_delivery(request))
        if pending is None:
            return refusal("Unknown result", status=404)
        await asyncio.wait({asyncio.wrap_future(pending)}, timeout=wait)
        if not pending.done():
            return web.json_response({"status": "finishing"}, status=202)
        return _response(pending.result())

    @table.delete("/imgen/results/{job}/{attempt}")
    async def forget(request: web.Request) -> web.Response:
        results.discard(_delivery(request))
        return web.Response(status=204)


def _delivery(request: web.Request) -> str:
    return f"{request.match_info['job']}/{request.match_info['attempt']}"


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(max(seconds, 0.0), MAX_WAIT) if math.isfinite(seconds) else None


def _response(outcome: Outcome) -> web.Response:
    if outcome.error:
        return refusal(outcome.error, status=500)
    parts = MultipartWriter("mixed")
    facts = json.dumps([asdict(made.facts) for made in outcome.artifacts]).encode()
    _add_part(parts, "facts", facts, content_type="application/json")
    for number, made in enumerate(outcome.artifacts, start=1):
        content_type = f"image/{made.facts.format}"
        for name, data in (("picture", made.picture), ("thumbnail", made.thumbnail)):
            _add_part(parts, f"{name}-{number}", data, content_type=content_type)
    return web.Response(body=parts)


def _add_part(parts: MultipartWriter, name: str, data: bytes, *, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Content-Digest": digest_of(data)}
    parts.append(data, headers).set_content_disposition("attachment", name=name)
