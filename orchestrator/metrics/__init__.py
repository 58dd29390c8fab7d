"""What operators watch: counts and times of this process, and how the queue stands, for
Prometheus."""

from orchestrator.metrics.metrics import Metrics
from orchestrator.metrics.observed import ObservedInstances, ObservedLedger

__all__ = ["Metrics", "ObservedInstances", "ObservedLedger"]
