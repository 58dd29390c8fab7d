"""What is told to Prometheus, and where."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator.api.metrics import make_metrics_app
from orchestrator.api.server import Bounds, served
from orchestrator.cache import NoCache, SemanticCache
from orchestrator.comfy import Pool
from orchestrator.errors import ConfigurationError
from orchestrator.jobs.ledger import JobLedger
from orchestrator.metrics import Metrics
from orchestrator.settings import Settings

LOOPBACK = "127.0.0.1"


def make_metrics(ledger: JobLedger, pool: Pool | None, cache: SemanticCache | NoCache) -> Metrics:
    """Of instances only this process's own are told: sums over a fleet count each once."""
    return Metrics(
        backlog=ledger.backlog,
        instances=pool.status if pool else tuple,
        cache=cache.stats if isinstance(cache, SemanticCache) else None,
    )


@asynccontextmanager
async def metrics_served(settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    """To this machine, without a key, while the block runs. Raises ConfigurationError."""
    if not settings.metrics_port:
        yield
        return
    try:
        listener = socket.create_server((LOOPBACK, settings.metrics_port))
    except OSError as error:
        where = f"{LOOPBACK}:{settings.metrics_port}"
        raise ConfigurationError(
            f"IMGEN_METRICS_PORT: can't listen on {where}: {error.strerror}"
        ) from None
    with listener:
        async with served(make_metrics_app(metrics), listener, Bounds(connections=20)):
            yield
