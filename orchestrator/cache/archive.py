"""What the cache needs of the records of jobs."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

Mark = tuple[float, UUID]  # when a job has ended, in seconds since the epoch, and which
EVER: Mark = (0.0, UUID(int=0))  # before all


class Archive(Protocol):
    """Which pictures the cache may know: safe, in storage, and not disowned. They are read in
    pages, oldest first, so that it costs no memory how many there are. Raises Unavailable."""

    async def pictured(self, *, after: Mark) -> Sequence[Mark]:
        """The next page; empty at the end."""

    async def before(self, *, newest: int) -> Mark | None:
        """What comes right before the newest so many, if anything does."""

    async def admitted(self, job_ids: Sequence[UUID], *, after: Mark) -> set[UUID]:
        """Those that are such pictures."""

    async def disown(self) -> None:
        """Only pictures that are made from now on."""

    async def readmit(self) -> None:
        """All of them again."""
