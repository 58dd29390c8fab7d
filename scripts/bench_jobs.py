"""Measure the job ledger on this disk: durable accepts, status reads, claims, and what readers
see while others write. The database is made for the occasion."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Job, Plan, Prompt, Request, Status, Texts

CALLERS = 20  # coroutines at once
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


async def bench(folder: Path, jobs: int) -> None:
    async with SqliteDatabase(folder / "bench.db") as database:
        ledger = JobLedger(database, queue_limit=100 * jobs)
        ids: list[UUID] = []

        async def accept(_: int) -> None:
            job = new_job()
            await ledger.accept(job)
            ids.append(job.id)

        async def work(_: int) -> None:
            job = await ledger.claim("bench")
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
        await measure("position in the queue", 2000, lambda n: ledger.position(ids[n]))
        await measure("counts", 500, lambda _: ledger.counts())
        await measure("wait for a ready job", 500, lambda _: ledger.ready(within=timedelta(0)))
        await measure("claim and finish", jobs // 10, work)
        async with asyncio.TaskGroup() as accepting:
            tasks = [accepting.create_task(accept_for_ever()) for _ in range(CALLERS)]
            await measure("get while as many accept", jobs, get)
            for task in tasks:
                task.cancel()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=10_000, help="jobs in the table")
    arguments.add_argument("--folder", type=Path, help="where the database is made")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        asyncio.run(bench(Path(folder), chosen.jobs))


if __name__ == "__main__":
    main()
