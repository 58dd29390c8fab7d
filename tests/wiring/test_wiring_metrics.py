"""The port of this machine on which Prometheus asks for no key."""

import socket
from collections.abc import Iterator

import aiohttp
import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.metrics import Metrics
from orchestrator.models import Backlog
from orchestrator.settings import Settings
from orchestrator.wiring.metrics import LOOPBACK, metrics_served


@pytest.fixture
def metrics() -> Metrics:
    async def backlog() -> Backlog:
        return Backlog(jobs={}, oldest_wait=0, webhooks_due=0, webhooks_dead=0)

    return Metrics(backlog=backlog, instances=tuple)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])


async def test_metrics_are_served_while_the_block_runs(metrics: Metrics) -> None:
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/metrics"
    async with aiohttp.ClientSession() as client:
        async with metrics_served(Settings(metrics_port=port), metrics), client.get(url) as answer:
            assert "imgen_database_up 1.0" in await answer.text()
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(url)


async def test_a_port_that_is_taken_is_refused_by_name(metrics: Metrics, taken: int) -> None:
    with pytest.raises(ConfigurationError, match="IMGEN_METRICS_PORT"):
        async with metrics_served(Settings(metrics_port=taken), metrics):
            pass
