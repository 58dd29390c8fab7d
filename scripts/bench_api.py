"""The door at speed: how long from a request to its submitted run, how many jobs are accepted and
how many status requests answered in a second, with few and with many jobs in the table.

`imgen serve` with a fake ComfyUI. The service has one core (all of its threads), the load comes
from this process on another; latencies are those that the client sees. Status requests ask for jobs
at random, all of one key, by 16 connections. SQLite, or an empty PostgreSQL database (its server
runs on any core).
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil
from bench_fakes import counts, fakes
from bench_rig import load

from orchestrator.jobs.database import Database
from orchestrator.jobs.postgres import PostgresDatabase
from orchestrator.jobs.sqlite import SqliteDatabase

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.chaos.fleet import shared_settings

IMGEN = Path(sys.executable).with_name("imgen")
SERVICE_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 16
FEW = 10_000  # rows in the table at first
IDLE_JOBS = 60
LATER = 1e7  # seconds; what is ready then is not claimed while we measure
PROMPT = "@aya red coat, snowy street, warm lighting, -umbrella"
NEW_ID = {True: "gen_random_uuid()::text", False: "lower(hex(randomblob(16)))"}  # by shared


@dataclass(frozen=True)
class Server:
    url: str
    key: str
    process: psutil.Process

    def post(self, **body: Any) -> bytes:
        """A whole HTTP request."""
        data = json.dumps(body).encode()
        head = (
            f"POST /api/v2 HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        return head.encode() + data

    def cpu(self) -> float:
        """Seconds, of all its threads."""
        return sum(self.process.cpu_times()[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--url", help="of an empty PostgreSQL database (default: SQLite)")
    add("--rows", type=int, default=1_000_000, help="in the table at last")
    add("--seconds", type=float, default=5.0, help="that each load lasts")
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.url, chosen.rows, chosen.seconds))


async def measure(url: str | None, rows: int, seconds: float) -> None:
    os.sched_setaffinity(0, {LOAD_CORE % (os.cpu_count() or 1)})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'PostgreSQL' if url else 'SQLite'}; {load()}")
        async with fakes(1, "--seconds", "0.01") as (fast,), service(folder, url, fast) as server:
            await idle(server, fast)
        async with fakes(1, "--seconds", "1000") as (slow,):
            async with service(folder, url, slow) as server:
                request = server.post(action="generate", prompt=PROMPT)
                await under_load("accept", server, repeat(request), seconds)
            async with open_database(folder, url) as database:
                ids = await prepare(database)
            for total in (FEW, rows):
                async with open_database(folder, url) as database:
                    await fill_up(database, total)
                async with service(folder, url, slow) as server:
                    await polled(server, ids, f"{total} rows", seconds)


async def polled(server: Server, ids: dict[str, list[str]], rows: str, seconds: float) -> None:
    for status, those in ids.items():
        polls = (server.post(action="status", id=f"run_{one}") for one in drawn(those))
        await under_load(f"status, {status}, {rows}", server, polls, seconds)


def drawn(ids: list[str]) -> Iterator[str]:
    draw = Random(1)  # noqa: S311
    while True:
        yield draw.choice(ids)


def shared(folder: Path, url: str) -> dict[str, str]:
    """What a process on PostgreSQL can't do without; its links begin with its own address."""
    settings = shared_settings(Path(tempfile.mkdtemp(dir=folder)), url)
    return {name: value for name, value in settings.items() if name != "IMGEN_PUBLIC_URL"}


@asynccontextmanager
async def service(folder: Path, url: str | None, comfyui: str) -> AsyncIterator[Server]:
    environment = {
        **os.environ,
        "IMGEN_PORT": "0",
        "IMGEN_DATA_DIR": str(folder / "data"),
        "IMGEN_COMFYUI_URLS": comfyui,
        "IMGEN_LIMITS__WAITING": "10000000",
        "IMGEN_CACHE__ENABLED": "false",  # it would index the filled table meanwhile
        **(shared(folder, url) if url else {}),
    }
    core = str(SERVICE_CORE)
    with (folder / "serve.log").open("a") as log:
        process = await asyncio.create_subprocess_exec(
            "taskset", "-c", core, IMGEN, "serve",
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        line = (await process.stdout.readline()).decode() if process.stdout else ""
        if not line.startswith("ready "):
            sys.exit((folder / "serve.log").read_text()[-2000:])
        key = (folder / "data" / "admin.key").read_text().strip()
        yield Server(line.removeprefix("ready ").strip(), key, psutil.Process(process.pid))
    finally:
        process.terminate()
        await process.wait()


def open_database(folder: Path, url: str | None) -> SqliteDatabase | PostgresDatabase:
    if url:
        return PostgresDatabase(url, time_limit=600)
    return SqliteDatabase(folder / "data" / "imgen.db")


async def idle(server: Server, comfyui: str) -> None:
    """From the first byte of a request to the submitted run; the fake is asked all the time."""
    times = []
    async with aiohttp.ClientSession() as session:
        for number in range(IDLE_JOBS):
            begun = time.perf_counter()
            await asyncio.gather(
                one(server, server.post(action="generate", prompt=PROMPT)),
                until_submitted(session, comfyui, number + 1),
            )
            times.append((time.perf_counter() - begun) * 1000)
            await until_ended(session, comfyui, number + 1)
    print(
        f"{'idle: request to submitted run':32} p50 {statistics.median(times):6.2f} ms (target 10)"
    )


async def until_submitted(session: aiohttp.ClientSession, comfyui: str, runs: int) -> None:
    while (await counts(session, [comfyui]))[0]["submissions"] < runs:
        pass


async def until_ended(session: aiohttp.ClientSession, comfyui: str, runs: int) -> None:
    while (await counts(session, [comfyui]))[0]["ended"] < runs:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)  # the service finishes the picture


async def one(server: Server, request: bytes) -> None:
    await Load(server.url, iter([request]), time.perf_counter() + 30).connection()


async def under_load(what: str, server: Server, requests: Iterator[bytes], seconds: float) -> None:
    await Load(server.url, requests, time.perf_counter() + 0.5).run()  # warm
    loads = Load(server.url, requests, time.perf_counter() + seconds)
    cpu, begun = server.cpu(), time.perf_counter()
    await loads.run()
    wall, used = time.perf_counter() - begun, server.cpu() - cpu
    done = len(loads.latencies)
    percentiles = statistics.quantiles(loads.latencies, n=100)
    print(
        f"{what:32} {done / wall:7.0f}/s   p50 {percentiles[49]:6.2f} ms"
        f"   p99 {percentiles[98]:6.2f} ms   {used / done * 1000:6.3f} ms of the core each"
        f"   {used / wall:4.0%} of it; {load()}"
    )


class Load:
    """Requests over kept connections, each sent when the last is answered."""

    def __init__(self, url: str, requests: Iterator[bytes], until: float) -> None:
        self._address = urlsplit(url)
        self._requests = requests
        self._until = until
        self.latencies: list[float] = []  # ms

    async def run(self) -> None:
        await asyncio.gather(*(self.connection() for _ in range(CONNECTIONS)))

    async def connection(self) -> None:
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        for request in self._requests:
            begun = time.perf_counter()
            writer.write(request)
            await read_answer(reader)
            ended = time.perf_counter()
            self.latencies.append((ended - begun) * 1000)
            if ended > self._until:
                break
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, rest = head.lower().partition(b"content-length:")
    body = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{head.decode()}{body.decode()}")


async def prepare(database: Database) -> dict[str, list[str]]:
    """Half of the accepted jobs wait from now on, half are completed as by one that really was.
    Their ids."""
    [done] = await database.read("SELECT * FROM jobs WHERE status = 'COMPLETED' LIMIT 1")
    rows = await database.read("SELECT id FROM jobs WHERE finished IS NULL")
    ids = [row["id"] for row in rows]
    waiting, completed = ids[::2], ids[1::2]
    await database.write(
        "UPDATE jobs SET ready_at = :later, status = 'IN_QUEUE' WHERE finished IS NULL RETURNING 1",
        {"later": time.time() + LATER},
    )
    ended = {k: done[k] for k in ("status", "finished", "verdict", "kept", "assets", "pictures")}
    sets = ", ".join(f"{name} = :{name}" for name in ended)
    sql = f"UPDATE jobs SET {sets} WHERE id = :id RETURNING id"  # noqa: S608
    await database.write(sql, *({**ended, "id": one} for one in completed))
    halves = {"waiting": waiting, "completed": completed}
    return {status: [i.replace("-", "") for i in those] for status, those in halves.items()}


async def fill_up(database: Database, total: int) -> None:
    """Copies of completed jobs, so that there are so many rows."""
    [row] = await database.read("SELECT * FROM jobs LIMIT 1")
    columns = ", ".join(name for name in row if name != "id")
    copy = f"""
        INSERT INTO jobs (id, {columns}) SELECT {NEW_ID[database.shared]}, {columns}
        FROM jobs WHERE status = 'COMPLETED' LIMIT :most RETURNING 1 AS one
    """  # noqa: S608
    [there] = await database.read("SELECT count(*) AS rows FROM jobs")
    missing = total - there["rows"]
    while missing > 0:
        missing -= len(await database.write(copy, {"most": min(missing, 20_000)}))


if __name__ == "__main__":
    main()
