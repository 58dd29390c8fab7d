"""Remembers nothing: every look-up is a true miss."""

from orchestrator.models import Caller, Job, Plan, Request


class NoCache:
    async def find(self, plan: Plan, request: Request, caller: Caller) -> None:
        return None

    async def remember(self, job: Job) -> None:
        return None
