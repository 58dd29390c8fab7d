"""An operator's browser before a service."""

import re
from html import unescape
from typing import Any, NamedTuple
from uuid import uuid4

from aiohttp.test_utils import TestClient
from twins import World

from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.models import InstanceStatus

Client = TestClient[Any, Any]
HOSTILE = '<img src=x onerror="alert(1)">'


class Office(NamedTuple):
    client: Client
    keys: ApiKeys
    ledger: JobLedger
    world: World
    instances: list[InstanceStatus]

    @property
    def origin(self) -> dict[str, str]:
        return {"Origin": str(self.client.make_url("")).rstrip("/")}

    async def sign_in(self, *, path: str = "/admin/login", **rights: bool) -> int:
        """With a new key of these rights; the status of the answer."""
        key = await self.keys.create(f"key {uuid4().hex[:8]}", **rights)
        answer = await self.client.post(
            path, data={"key": key}, headers=self.origin, allow_redirects=False
        )
        return answer.status

    async def part(self, name: str, *, query: str = "") -> str:
        """The text of one part, as people read it."""
        answer = await self.client.get("/admin/state", params={"q": query})
        html = (await answer.json())["parts"][name]
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())

    async def switch(self, name: str, action: str, *, token: str = "") -> int:
        """Press the button of a key; the status of the answer."""
        page = await (await self.client.get("/admin")).text()
        found = re.search(r'name="token" value="(\w+)"', page)
        key_id = next(key.id for key in await self.keys.list() if key.name == name)
        answer = await self.client.post(
            "/admin/keys",
            data={"key": key_id, "action": action, "token": token or (found[1] if found else "")},
            headers=self.origin,
            allow_redirects=False,
        )
        return answer.status
