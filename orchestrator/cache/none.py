"""Remembers nothing: every look-up is a true miss."""

from orchestrator.models import Job


class NoCache:
    async def find(self, job: Job) -> None:
        return None

    async def remember(self, job: Job) -> None:
        return None

    async def run(self) -> None:
        return None
