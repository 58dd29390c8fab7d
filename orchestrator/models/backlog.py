"""What the job database holds, at a glance."""

from collections.abc import Mapping

from orchestrator.models.job import Status
from orchestrator.models.value import Value


class Backlog(Value):
    jobs: Mapping[Status, int]
    oldest_wait: float  # seconds; 0 if nothing waits
    webhooks_due: int
    webhooks_dead: int
