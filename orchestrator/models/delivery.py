"""What a caller is told, without asking, when its job has ended."""

from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from orchestrator.models.value import Value


class DeliveryState(StrEnum):
    HELD = "HELD"  # the job has not ended
    PENDING = "PENDING"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"  # given up


class Delivery(Value):
    """One message to one receiver."""

    id: str  # the same in every try, so that the receiver can tell repetitions
    job_id: UUID
    key_id: str
    url: str
    state: DeliveryState
    tries: int  # begun so far
    due: datetime | None  # of the next try, or when the present one counts as lost
    changed: datetime
    error: str = ""  # of the last try

    @property
    def host(self) -> str:
        """Of the receiver; the rest of its URL may hold secrets."""
        return urlsplit(self.url).netloc
