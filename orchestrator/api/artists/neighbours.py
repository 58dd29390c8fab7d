"""Runs of requests on the instance that artists use: not theirs to see, nor to stop."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from orchestrator.errors import Forbidden, InvalidJson, NotFound, UpstreamFailed

TIME_LIMIT = ClientTimeout(total=30)  # seconds
RECENT = 200  # runs; those of requests leave the history as soon as their pictures are kept


async def visible(listing: URL, *, base: str) -> dict[str, Any]:
    """What `/queue`, `/history` or `/jobs` answers, without the runs of requests. Raises NotFound
    if it is about one of them, UpstreamFailed."""
    found = await _asked(listing)
    says_whose = "jobs" not in listing.parts
    return without(runs_of_requests(found) if says_whose else await _hidden(base), found)


async def check_order(path: str, body: bytes, *, base: str) -> None:
    """Before it is given to `/queue`, `/history` or `/interrupt`. Raises Forbidden, InvalidJson,
    UpstreamFailed."""
    try:
        order = json.loads(body or b"{}")
    except ValueError:
        raise InvalidJson from None
    running: frozenset[str] = frozenset()
    if path.endswith("interrupt"):
        queue = await _asked(URL(f"{base}/queue"))
        running = runs_of_requests(queue | {"queue_pending": []})
    refuse_to_touch(await _hidden(base), running, order)


def runs_of_requests(listing: Mapping[str, Any]) -> frozenset[str]:
    """The ids of those in what `/queue` or `/history` has answered."""
    return frozenset(entry[1] for entry in _entries(listing) if "imgen" in entry[3])


def _entries(listing: Mapping[str, Any]) -> list[Any]:
    """Each as [number, id, graph, extra data, …]."""
    if "queue_running" in listing:
        return [*listing["queue_running"], *listing["queue_pending"]]
    return [run["prompt"] for run in listing.values()]


def without(hidden: frozenset[str], listing: dict[str, Any]) -> dict[str, Any]:
    """Raises NotFound if the listing is about one of these runs."""
    match listing:
        case {"queue_running": running, "queue_pending": pending}:
            kept = {"queue_running": running, "queue_pending": pending}
            return {k: [e for e in v if e[1] not in hidden] for k, v in kept.items()}
        case {"jobs": jobs}:
            return listing | {"jobs": [job for job in jobs if job["id"] not in hidden]}
        case {"id": str(run)}:
            if run in hidden:
                raise NotFound
            return listing
    return {run: known for run, known in listing.items() if run not in hidden}


def refuse_to_touch(hidden: frozenset[str], running: frozenset[str], order: Any) -> None:
    """`running` are the runs that an interrupt without an id would hit. Raises Forbidden."""
    order = order if isinstance(order, dict) else {}
    stopped = {str(order["prompt_id"])} if order.get("prompt_id") else running
    deleted = order["delete"] if isinstance(order.get("delete"), list) else ()
    if hidden & (hidden if order.get("clear") else {*map(str, deleted), *stopped}):
        raise Forbidden("Runs of requests are among them, which are not yours to stop")


async def _hidden(base: str) -> frozenset[str]:
    queue = await _asked(URL(f"{base}/queue"))
    history = await _asked(URL(f"{base}/history?max_items={RECENT}"))
    return runs_of_requests(queue) | runs_of_requests(history)


async def _asked(url: URL) -> dict[str, Any]:
    try:
        async with ClientSession(timeout=TIME_LIMIT) as client, client.get(url) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                raise NotFound
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found
    except (ClientError, TimeoutError) as error:
        raise UpstreamFailed("ComfyUI does not answer", detail=str(error)) from error
