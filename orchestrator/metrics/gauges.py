"""What is looked up when somebody asks, as metric families. All labels come from small sets."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from orchestrator.edge_ports import CacheStats
from orchestrator.models import Backlog, InstanceStatus


def of_database(backlog: Backlog | None) -> Iterator[Metric]:
    """None: the database gave no answer."""
    yield _gauge("imgen_database_up", "Whether the job database answers.", backlog is not None)
    if backlog is None:
        return
    jobs = {status.value: count for status, count in backlog.jobs.items()}
    yield _labelled("imgen_jobs", "Jobs on record, by status.", "status", jobs)
    yield _gauge(
        "imgen_queue_oldest_seconds", "Age of the oldest job that waits.", backlog.oldest_wait
    )
    yield _gauge("imgen_webhooks_due", "Webhooks that are to be sent now.", backlog.webhooks_due)
    yield _gauge("imgen_webhooks_dead", "Webhooks that were given up.", backlog.webhooks_dead)


def of_instances(instances: Sequence[InstanceStatus]) -> Iterator[Metric]:
    states = dict.fromkeys(("usable", "starting", "unusable"), 0)
    for instance in instances:
        states[_state(instance)] += 1
    yield _labelled("imgen_instances", "ComfyUI instances, by state.", "state", states)
    usable = {each.name: each.usable for each in instances}
    yield _labelled("imgen_instance_usable", "Whether it can take jobs.", "name", usable)
    running = {each.name: each.running for each in instances}
    yield _labelled("imgen_instance_runs", "Runs under way there.", "name", running)


def _state(instance: InstanceStatus) -> str:
    """What is wrong is free text, and no label."""
    if instance.usable:
        return "usable"
    return "starting" if instance.state == "starting" else "unusable"


def of_cache(stats: CacheStats) -> Iterator[Metric]:
    yield _gauge("imgen_cache_usable", "Whether the cache can be asked.", stats.usable)
    yield _gauge("imgen_cache_entries", "Pictures in the cache.", stats.entries)
    yield CounterMetricFamily("imgen_cache_hits", "Look-ups that found one.", stats.hits)
    yield CounterMetricFamily("imgen_cache_misses", "Look-ups that found none.", stats.misses)
    yield CounterMetricFamily(
        "imgen_cache_failures", "Misses because of a failure or delay.", stats.failures
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family
