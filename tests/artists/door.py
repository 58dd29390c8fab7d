"""What the page asks of the artists' door."""

from typing import Any

from aiohttp.test_utils import TestClient

Client = TestClient[Any, Any]


def origin(client: Client) -> dict[str, str]:
    return {"Origin": str(client.make_url("")).rstrip("/")}


async def writing(client: Client) -> dict[str, str]:
    answer = await client.get("/comfy/imgen/session")
    return origin(client) | {"X-CSRF-Token": (await answer.json())["token"]}


async def opened(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = await (await client.get("/comfy/imgen/templates/demo")).json()
    return found
