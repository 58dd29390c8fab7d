"""Pictures that a run starts from wait here, in memory, from before it is submitted until the
service says that it is over."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from .answers import digest_of, refusal

LONGEST_PICTURE = 64 * 1024 * 1024  # bytes; what ComfyUI itself takes is its --max-upload-size


@dataclass(frozen=True)
class Bounds:
    """Beyond any of these the oldest pictures are forgotten."""

    pictures: int = 256
    size: int = 512 * 1024 * 1024  # bytes
    age: float = 7200.0  # seconds


@dataclass(frozen=True)
class _Picture:
    data: bytes
    since: float


@dataclass
class Arrivals:
    """Thread-safe: routes fill it on the event loop, nodes read it on the executor's thread."""

    bounds: Bounds = field(default_factory=Bounds)
    clock: Callable[[], float] = time.monotonic  # seconds

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._pictures: dict[str, _Picture] = {}  # by job/name, oldest first

    def put(self, source: str, data: bytes) -> None:
        with self._lock:
            self._pictures.pop(source, None)
            self._pictures[source] = _Picture(data, self.clock())
            self._forget_old()

    def get(self, source: str) -> bytes | None:
        with self._lock:
            self._forget_old()
            found = self._pictures.get(source)
        return found.data if found else None

    def digest(self, source: str) -> str:
        """Of what is there under that name now; empty: nothing is."""
        found = self.get(source)
        return digest_of(found) if found is not None else ""

    def discard(self, job: str) -> None:
        with self._lock:
            for source in [s for s in self._pictures if s.startswith(f"{job}/")]:
                del self._pictures[source]

    def _forget_old(self) -> None:
        size = sum(len(picture.data) for picture in self._pictures.values())
        count, oldest = len(self._pictures), self.clock() - self.bounds.age
        for source, picture in list(self._pictures.items()):
            within = count <= self.bounds.pictures and size <= self.bounds.size
            if within and picture.since > oldest:
                break
            del self._pictures[source]
            size -= len(picture.data)
            count -= 1


def add_routes(table: web.RouteTableDef, arrivals: Arrivals) -> None:
    @table.put("/imgen/inputs/{job}/{name}")
    async def receive(request: web.Request) -> web.Response:
        if (request.content_length or 0) > LONGEST_PICTURE:
            return refusal("Too large", status=413)
        data = await request.read()
        if request.headers.get("Content-Digest") != digest_of(data):
            return refusal("Content-Digest is not that of the body", status=400)
        arrivals.put(f"{request.match_info['job']}/{request.match_info['name']}", data)
        return web.Response(status=204)

    @table.delete("/imgen/inputs/{job}")
    async def forget(request: web.Request) -> web.Response:
        arrivals.discard(request.match_info["job"])
        return web.Response(status=204)
