"""Where pictures lie by the meaning of their prompts: one collection of Chroma's.

A single collection, because each one that is open costs Chroma 2.7 MB and a filter 85 ms at 100,000
entries. What keeps the terms apart is in the vectors (`terms.place`).
"""

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from orchestrator.cache.connect import NAME, Server, embedded, pictures, remote
from orchestrator.cache.terms import Vector
from orchestrator.errors import Unavailable

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI

log = logging.getLogger(__name__)

PAGE = 500  # ids
PROBE_LIMIT = 120  # seconds


class IndexFailed(Unavailable):
    """The cache can't be used at the moment"""


@dataclass(frozen=True)
class Near:
    job_id: UUID
    terms: str
    distance: float  # cosine, of the places


class Index(Protocol):
    """Blocks, and is for one thread. Everything raises IndexFailed."""

    def open(self) -> None:
        """Make it usable, empty if need be; again after a failure."""

    def close(self) -> None: ...

    def add(self, job_id: UUID, place: Vector, terms: str) -> None: ...

    def nearest(self, place: Vector, count: int) -> Sequence[Near]: ...

    def remove(self, job_ids: Iterable[UUID]) -> None: ...

    def page(self, start: int) -> Sequence[UUID]:
        """Some of what is in it, in an order that lasts; empty at the end."""

    def holding(self, job_ids: Iterable[UUID]) -> set[UUID]:
        """Those that are in it."""

    def count(self) -> int: ...

    def clear(self) -> None: ...


class ChromaIndex:
    """Implements `Index`, in a folder or on a server."""

    def __init__(self, place: Path | Server) -> None:
        self._place = place
        self._client: ClientAPI | None = None
        self._pictures: Collection | None = None

    def open(self) -> None:
        self.close()
        with _mapped_errors():
            self._pictures = self._connect()

    def close(self) -> None:
        client, self._client, self._pictures = self._client, None, None
        if client is not None:
            with _mapped_errors():
                client.close()  # type: ignore[attr-defined]  # every one has it

    def add(self, job_id: UUID, place: Vector, terms: str) -> None:
        with self._opened() as pictures:
            pictures.upsert(
                ids=[str(job_id)], embeddings=[place.tolist()], metadatas=[{"terms": terms}]
            )

    def nearest(self, place: Vector, count: int) -> list[Near]:
        """Only of the same terms may be relied on to be the nearest; others may be among them."""
        with self._opened() as pictures:
            found = pictures.query(
                query_embeddings=[place.tolist()],
                n_results=count,
                include=["metadatas", "distances"],
            )
            facts, distances = found["metadatas"] or [[]], found["distances"] or [[]]
            return [
                Near(UUID(job_id), str(fact["terms"]), distance)
                for job_id, fact, distance in zip(
                    found["ids"][0], facts[0], distances[0], strict=True
                )
            ]

    def remove(self, job_ids: Iterable[UUID]) -> None:
        gone = [str(job_id) for job_id in job_ids]
        with self._opened() as pictures:
            for start in range(0, len(gone), PAGE):
                pictures.delete(ids=gone[start : start + PAGE])

    def page(self, start: int) -> list[UUID]:
        with self._opened() as pictures:
            return [UUID(job_id) for job_id in _ids(pictures, limit=PAGE, offset=start)]

    def holding(self, job_ids: Iterable[UUID]) -> set[UUID]:
        with self._opened() as pictures:
            return {UUID(job_id) for job_id in _ids(pictures, ids=[str(each) for each in job_ids])}

    def count(self) -> int:
        with self._opened() as pictures:
            return pictures.count()

    def clear(self) -> None:
        with self._opened():
            assert self._client is not None  # noqa: S101  an open collection has its client
            self._client.delete_collection(NAME)
            self._pictures = pictures(self._client)

    def _connect(self) -> "Collection":
        if isinstance(self._place, Server):
            self._client = remote(self._place)
            return pictures(self._client)
        if self._place.exists() and not _sound(self._place):
            log.warning("the cache in %s is damaged and is made anew", self._place)
            shutil.rmtree(self._place)
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._client = embedded(self._place)
        return pictures(self._client)

    @contextmanager
    def _opened(self) -> "Iterator[Collection]":
        if self._pictures is None:
            raise IndexFailed(detail="it is not open")
        with _mapped_errors():
            yield self._pictures


def _ids(pictures: "Collection", **which: Any) -> list[str]:
    return pictures.get(include=[], **which)["ids"]


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Chroma raises whatever the libraries below it do
        raise IndexFailed(detail=f"{type(error).__name__}: {error}"[:500]) from error


def _sound(folder: Path) -> bool:
    """Tried in a process of its own: damaged files may crash the one that reads them."""
    command = [sys.executable, "-m", "orchestrator.cache.probe", str(folder)]
    with suppress(subprocess.TimeoutExpired):
        tried = subprocess.run(command, capture_output=True, timeout=PROBE_LIMIT, check=False)  # noqa: S603  our own
        return tried.returncode == 0
    return False
