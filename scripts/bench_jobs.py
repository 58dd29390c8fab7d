"""Measure the job ledger: durable accepts, status reads, claims, what readers see while others
write, and what a claim costs as the backlog grows. SQLite in a folder made for the occasion, or an
empty PostgreSQL database."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from orchestrator.jobs import statements
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.outlook import Outlook
from orchestrator.jobs.postgres import PostgresDatabase
from orchestrator.jobs.rows import new_row
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Job, Plan, Prompt, Request, Status, Texts

CALLERS = 20  # coroutines at once
BAR = 20  # characters a millisecond, in the plot of claims
CLAIMS = 90  # that are measured at each size of the backlog; fewer than the smallest
CHECKPOINTS = ("lion.safetensors", "tiger.safetensors", "bear.safetensors")
GRAPH = {
    str(n): {"class_type": "KSampler", "inputs": {"seed": n, "cfg": 7.0, "model": ["1", 0]}}
    for n in range(20)
}
TEXTS = Texts(positive="red coat, snowy street, warm lighting", negative="umbrella, blurry")
PLAN = Plan(
    prompt=Prompt(character="aya", positive=TEXTS.positive, negatives=("umbrella",)),
    raw="@aya red coat, snowy street, warm lighting, -umbrella",
    texts=TEXTS,
    model="demo",
    model_label="Demo",
    style="natural",
    checkpoint="",
    template="demo",
    template_digest="0" * 64,
    card_digest="0" * 64,
    seed=1,
    steps=20,
    cfg=7.0,
    sampler="euler",
    scheduler="normal",
    gen_id="0" * 20,
    watermark_id="0" * 16,
    graph=GRAPH,
)


def new_job() -> Job:
    request = Request(prompt=PLAN.raw, seed=1)
    return Job(
        id=uuid4(),
        key_id="bench",
        dialect="v2",
        request=request,
        plan=PLAN,
        created=datetime.now(UTC),
    )


async def measure(what: str, times: int, action: Callable[[int], Awaitable[object]]) -> None:
    """Print rate and latency of so many actions by CALLERS coroutines."""
    pending = iter(range(times))
    latencies: list[float] = []

    async def caller() -> None:
        for number in pending:
            begun = time.perf_counter()
            await action(number)
            latencies.append((time.perf_counter() - begun) * 1000)

    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    wall = time.perf_counter() - begun
    busy = (time.process_time() - cpu) / wall
    percentiles = statistics.quantiles(latencies, n=100)
    print(
        f"{what:34} {times / wall:8.0f}/s   p50 {percentiles[49]:6.2f} ms"
        f"   p99 {percentiles[98]:6.2f} ms   {busy:4.0%} of a core"
    )


async def bench(database: Database, jobs: int) -> None:
    ledger = JobLedger(database, QueueLimits(waiting=100 * jobs))
    outlook, waiting = Outlook(database), new_job()
    ids: list[UUID] = []

    async def accept(_: int) -> None:
        job = new_job()
        await ledger.accept(job)
        ids.append(job.id)

    async def work(_: int) -> None:
        job = await ledger.claim("bench", holds="")
        if job:
            done = {"status": Status.COMPLETED, "finished": datetime.now(UTC)}
            await ledger.save(job.evolve(**done))

    async def get(number: int) -> None:
        await ledger.get(ids[number % len(ids)])

    async def accept_for_ever() -> None:
        while True:
            await ledger.accept(new_job())

    await measure("accept", jobs, accept)
    await measure("get", jobs, get)
    await measure("position in the queue", 2000, lambda _: outlook.place(waiting))
    await measure("counts", 500, lambda _: ledger.counts())
    await measure("wait for a ready job", 500, lambda _: ledger.ready(within=timedelta(0)))
    await measure("claim and finish", jobs // 10, work)
    async with asyncio.TaskGroup() as accepting:
        tasks = [accepting.create_task(accept_for_ever()) for _ in range(CALLERS)]
        await measure("get while as many accept", jobs, get)
        for task in tasks:
            task.cancel()


async def bench_backlog(database: Database, *, most: int, keys: int) -> None:
    """What one claim costs when so many jobs, for three checkpoints, wait; with a plot."""
    ledger = JobLedger(database)
    waiting = 0
    print(f"{'waiting':>10} {'keys':>6}   claim: p50 ms   p99 ms")
    for size in (size for size in (100, 1000, 10_000, 100_000) if size <= most):
        await add_backlog(database, size - waiting, keys)
        latencies = sorted([await timed_claim(ledger, n) for n in range(CLAIMS)])
        waiting = size - CLAIMS
        p50, p99 = latencies[CLAIMS // 2], latencies[-1 - CLAIMS // 100]
        print(f"{size:>10} {keys:>6}   {p50:13.2f}   {p99:6.2f}   {'▇' * round(p50 * BAR)}")
    await database.write("DELETE FROM jobs RETURNING id", {})
    print()


async def add_backlog(database: Database, jobs: int, keys: int) -> None:
    now = time.time()
    rows = []
    for n in range(jobs):
        plan = PLAN.evolve(checkpoint=CHECKPOINTS[n % 3], graph={})
        job = new_job().evolve(key_id=f"key {n % keys}", plan=plan)
        rows.append(new_row(job, now=now) | {"queue_limit": 10 * jobs + 1_000_000})
    sql = statements.ACCEPT.partition("WHERE")[0] + "RETURNING id"  # without counting each time
    for first in range(0, jobs, 1000):
        await database.write(sql, *rows[first : first + 1000])


async def timed_claim(ledger: JobLedger, number: int) -> float:
    begun = time.perf_counter()
    job = await ledger.claim("bench", holds=CHECKPOINTS[number % 3])
    took = (time.perf_counter() - begun) * 1000
    if job:
        await ledger.save(job.evolve(status=Status.COMPLETED))
    return took


async def bench_all(database: Database, *, jobs: int, backlog: int, keys: int) -> None:
    async with database:
        await bench_backlog(database, most=backlog, keys=keys)
        await bench(database, jobs)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=10_000, help="jobs in the table")
    arguments.add_argument("--backlog", type=int, default=100_000, help="most jobs that wait")
    arguments.add_argument("--keys", type=int, default=10, help="whose they are")
    arguments.add_argument("--folder", type=Path, help="where the SQLite file is made")
    arguments.add_argument("--url", help="of an empty PostgreSQL database")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        sqlite = SqliteDatabase(Path(folder) / "bench.db")
        database = PostgresDatabase(chosen.url) if chosen.url else sqlite
        asyncio.run(bench_all(database, jobs=chosen.jobs, backlog=chosen.backlog, keys=chosen.keys))


if __name__ == "__main__":
    main()
