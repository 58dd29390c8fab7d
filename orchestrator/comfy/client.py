"""HTTP to one ComfyUI and to our node pack in it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import aiohttp

from orchestrator.comfy.answers import (
    History,
    Machine,
    Mark,
    Queue,
    read_history,
    read_machine,
    read_ours,
    read_queue,
)
from orchestrator.comfy.endpoint import Endpoint
from orchestrator.comfy.faults import explain_refusal
from orchestrator.comfy.results import digest_of, read_results
from orchestrator.errors import InstanceUnusable, RunFailed, RunLost
from orchestrator.models import Artifact, Graph, Job, PictureName

RECENT = 100  # records of history that are searched for a run of ours
BYTES_TIMEOUT = 60.0  # seconds to carry the bytes of one run
SCHEMAS_TIMEOUT = 120.0  # seconds; every node lists its folders for it


class NotReached(InstanceUnusable):
    """Nobody is there, so nothing was sent"""


@dataclass(frozen=True)
class Pack:
    """What our node pack says of itself."""

    version: str
    boot: str  # drawn when the process began: another one is another process


@dataclass(frozen=True)
class Submitted:
    run: str
    refusal: str = ""  # outputs that were left out, and why; the rest is under way


class Client:
    """Raises InstanceUnusable if ComfyUI can't be reached or makes no sense."""

    def __init__(self, endpoint: Endpoint, *, timeout: float) -> None:
        self._endpoint = endpoint
        self._timeout = timeout  # seconds, one call

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._endpoint.url.rstrip("/") + "/",
            headers=self._endpoint.headers,
            connector=aiohttp.TCPConnector(ssl=self._endpoint.tls or True),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def submit(self, graph: Graph, *, client_id: str, mark: Mark) -> Submitted:
        """Raises RunFailed if the graph is refused, NotReached if there was nobody to take it."""
        extra = {"imgen": {"job": mark.job, "attempt": mark.attempt}}
        body = {"prompt": graph, "client_id": client_id, "extra_data": extra}
        with _mapped("submit"):
            async with self._session.post("prompt", json=body) as answer:
                if answer.status != HTTPStatus.BAD_REQUEST:
                    answer.raise_for_status()
                said = await answer.json()
                if answer.status == HTTPStatus.BAD_REQUEST:
                    raise RunFailed(explain_refusal(graph, said))
                refusal = explain_refusal(graph, said) if said.get("node_errors") else ""
                return Submitted(str(said["prompt_id"]), refusal)

    async def queue(self) -> Queue:
        with _mapped("queue"):
            return read_queue(await self._json("queue"))

    async def history(self, run: str) -> History | None:
        """None while it waits or runs, and if it is unknown."""
        with _mapped("history"):
            return next(iter(read_history(await self._json(f"history/{run}"))), None)

    async def recent_history(self) -> Sequence[History]:
        """Of our runs, oldest first."""
        with _mapped("history"):
            return read_ours(await self._json("history", max_items=RECENT))

    async def forget(self, run: str) -> None:
        await self._post("history", {"delete": [run]})

    async def unqueue(self, run: str) -> None:
        """Take a waiting run out; nothing happens to any other."""
        await self._post("queue", {"delete": [run]})

    async def interrupt(self, run: str) -> None:
        """Older versions ignore which run is meant and interrupt the one that runs."""
        await self._post("interrupt", {"prompt_id": run})

    async def object_info(self) -> dict[str, Any]:
        """The schema of every node class."""
        with _mapped("object_info"):
            timeout = aiohttp.ClientTimeout(total=SCHEMAS_TIMEOUT)
            async with self._session.get("object_info", timeout=timeout) as answer:
                answer.raise_for_status()
                return dict(await answer.json())

    async def machine(self) -> Machine:
        with _mapped("system_stats"):
            return read_machine(await self._json("system_stats"))

    async def free_memory(self) -> None:
        """Unload all models, before the next run begins."""
        await self._post("free", {"unload_models": True, "free_memory": True})

    async def pack(self) -> Pack:
        with _mapped("pack version"):
            said = await self._json("imgen/version")
            return Pack(str(said["pack"]), str(said.get("boot", "")))  # older packs have no boot

    async def results(self, mark: Mark, *, wait: float) -> tuple[Artifact, ...] | None:
        """What a run has delivered; None if it is not there after `wait` seconds.

        Raises RunLost if the pack does not know the run, RunFailed if it could not finish it.
        """
        path = f"imgen/results/{mark.delivery}"
        timeout = aiohttp.ClientTimeout(total=wait + BYTES_TIMEOUT)
        with _mapped("results"):
            async with self._session.get(path, params={"wait": wait}, timeout=timeout) as answer:
                match answer.status:
                    case HTTPStatus.OK:
                        return await read_results(answer)
                    case HTTPStatus.ACCEPTED:
                        return None
                    case HTTPStatus.NOT_FOUND:
                        raise RunLost(detail="its results are unknown")
                    case HTTPStatus.INTERNAL_SERVER_ERROR:
                        raise RunFailed(f"Finishing failed: {(await answer.json())['error']}")
                answer.raise_for_status()
                raise ValueError(f"HTTP status {answer.status}")

    async def delete_results(self, mark: Mark) -> None:
        with _mapped("results"):
            async with self._session.delete(f"imgen/results/{mark.delivery}") as answer:
                if answer.status != HTTPStatus.NOT_FOUND:
                    answer.raise_for_status()

    async def send_picture(self, job: Job, name: PictureName, picture: bytes) -> None:
        """What the job's run starts from, for the nodes of the pack."""
        headers = {"Content-Type": "image/png", "Content-Digest": digest_of(picture)}
        timeout = aiohttp.ClientTimeout(total=BYTES_TIMEOUT)
        with _mapped("pictures"):
            async with self._session.put(
                f"imgen/inputs/{job.id}/{name}", data=picture, headers=headers, timeout=timeout
            ) as answer:
                answer.raise_for_status()

    async def delete_pictures(self, job: Job) -> None:
        with _mapped("pictures"):
            async with self._session.delete(f"imgen/inputs/{job.id}") as answer:
                answer.raise_for_status()

    async def _json(self, path: str, **params: str | int) -> Any:
        async with self._session.get(path, params=params) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        with _mapped(path):
            async with self._session.post(path, json=body) as answer:
                answer.raise_for_status()


@contextmanager
def _mapped(what: str) -> Iterator[None]:
    """Turn whatever can go wrong between us and ComfyUI into InstanceUnusable."""
    try:
        yield
    except aiohttp.ClientConnectorError as error:
        raise NotReached(detail=f"{what}: {error}") from error
    except TimeoutError as error:
        raise InstanceUnusable(detail=f"{what}: no answer in time") from error
    except (aiohttp.ClientError, OSError, RuntimeError) as error:
        raise InstanceUnusable(detail=f"{what}: {error or type(error).__name__}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InstanceUnusable(detail=f"{what}: unexpected answer, {error!r:.200}") from error
