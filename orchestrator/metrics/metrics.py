"""Everything that one process tells Prometheus, in a registry of its own."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from orchestrator.edge_ports import CacheStats
from orchestrator.errors import ImgenError
from orchestrator.metrics.gauges import of_cache, of_database, of_instances
from orchestrator.models import Backlog, InstanceStatus, Job
from orchestrator.recent import Recent

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOKED = 5.0  # seconds for which a look is good
LOOK_LIMIT = timedelta(seconds=5)

ANSWER_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
RUN_SECONDS = (0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600)
JOB_SECONDS = (1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1200, 3600)


class Metrics(Collector):
    """The `Telemetry` of the API. However often it is asked, it looks only now and then."""

    def __init__(
        self,
        *,
        backlog: Callable[[], Awaitable[Backlog]],
        instances: Callable[[], Sequence[InstanceStatus]],
        cache: Callable[[], Awaitable[CacheStats]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backlog = backlog
        self._instances = instances
        self._cache = cache
        self._seen: Sequence[Metric] = ()
        self._recent = Recent(self._look, lasting=LOOKED, clock=clock)
        self._registry = CollectorRegistry()
        self._make_instruments()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def _make_instruments(self) -> None:
        self._answers = Histogram(
            "imgen_http_request_seconds",
            "Time to the end of an answer.",
            ["method", "route", "status"],
            buckets=ANSWER_SECONDS,
            registry=self._registry,
        )
        self._runs = Histogram(
            "imgen_run_seconds",
            "Time from the start of a run on ComfyUI until its pictures are here, or it failed.",
            ["outcome"],
            buckets=RUN_SECONDS,
            registry=self._registry,
        )
        self._jobs = Histogram(
            "imgen_job_seconds",
            "Time from acceptance to the end, of jobs that this worker ended.",
            ["status"],
            buckets=JOB_SECONDS,
            registry=self._registry,
        )
        self._verdicts = Counter(
            "imgen_verdicts", "Verdicts on ended jobs.", ["safe"], registry=self._registry
        )

    def answered(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """See `Telemetry`."""
        self._answers.labels(method, route, str(status)).observe(seconds)

    def ran(self, seconds: float, *, failed: bool) -> None:
        self._runs.labels("failed" if failed else "done").observe(seconds)

    def ended(self, job: Job) -> None:
        if job.finished:
            self._jobs.labels(job.status.value).observe(
                max(0.0, (job.finished - job.created).total_seconds())
            )
        if job.verdict:
            self._verdicts.labels("yes" if job.verdict.safe else "no").inc()

    async def text(self) -> str:
        """See `Telemetry`."""
        self._seen = await self._recent.get()
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterable[Metric]:
        return self._seen

    def describe(self) -> Iterable[Metric]:
        return ()  # else the registry would look already now

    async def _look(self) -> Sequence[Metric]:
        cache = await _or_none(self._cache) if self._cache else None
        return [
            *of_database(await _or_none(self._backlog)),
            *of_instances(self._instances()),
            *(of_cache(cache) if cache else ()),
        ]


async def _or_none(ask: Callable[[], Awaitable[T]]) -> T | None:
    """What gives no answer must not hide the rest."""
    try:
        async with asyncio.timeout(LOOK_LIMIT.total_seconds()):
            return await ask()
    except (ImgenError, TimeoutError) as error:
        log.warning("metrics are incomplete: %s", str(error) or "no answer in time")
        return None
