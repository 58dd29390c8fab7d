"""A client of our own public API, as anybody could write it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp

from orchestrator.errors import ImgenError

PENDING = ("IN_QUEUE", "IN_PROGRESS")


class Refused(ImgenError):
    """The service refused"""


class Client:
    def __init__(self, url: str, key: str, *, poll: float = 0.5) -> None:
        """`poll` is the time between two looks at a job, in seconds."""
        self._url = url.rstrip("/")
        self._poll = poll
        self._headers = {"Authorization": f"Bearer {key}"}

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=60)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, action: str, **fields: Any) -> dict[str, Any]:
        """An action of the API v2. Raises Refused with the service's own words."""
        return await self.ask("POST", "/api/v2", {"action": action, **fields})

    async def ask(
        self, method: str, path: str, fields: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Raises Refused with the service's own words."""
        try:
            async with self._session.request(method, self._url + path, json=fields) as answer:
                body: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Refused(f"{self._url} can't be reached", detail=str(error)) from None
        if "error" in body and "status" not in body:
            raise Refused(body["error"])
        return body

    async def follow(self, job: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Each status of the job; the last is a final one."""
        while True:
            status = await self.call(
                "status", id=job["id"], prompt=job["prompt"], model=job["model"]
            )
            yield status
            if status["status"] not in PENDING:
                return
            await asyncio.sleep(self._poll)

    async def download(self, url: str) -> bytes:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            answer.raise_for_status()
            return await answer.read()
