"""What workers report of themselves into the database, and what other processes read there."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from orchestrator.errors import ImgenError, InstanceUnusable
from orchestrator.jobs import fleet_statements as statements
from orchestrator.jobs.database import Database, Row
from orchestrator.models import InstanceStatus, WeightFacts

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=2)
GONE = timedelta(seconds=10)  # without a beat, after which a worker counts as dead
KEPT = timedelta(hours=1)  # of a dead worker's row, and of facts that nobody refers to

Weights = Mapping[str, WeightFacts]
INSTANCES = TypeAdapter(tuple[InstanceStatus, ...])
WEIGHTS: TypeAdapter[Weights] = TypeAdapter(Mapping[str, WeightFacts])


@dataclass(frozen=True)
class Report:
    instances: Sequence[InstanceStatus]
    nodes: Mapping[str, Any] | None = None  # node schemas of its ComfyUI; None: not known yet
    weights: Weights | None = None  # None: not all are read yet


class Reporter:
    """Writes the reports of one worker."""

    def __init__(
        self, database: Database, worker: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._worker = worker
        self._clock = clock
        self._told: dict[str, str] = {}  # digests, by the kind of facts
        self._last: dict[str, object] = {}

    async def report(self, report: Report) -> None:
        """Raises Unavailable."""
        await self._tell("nodes", report.nodes, lambda nodes: json.dumps(nodes, sort_keys=True))
        await self._tell("weights", report.weights, lambda w: WEIGHTS.dump_json(w).decode())
        row = {
            "id": self._worker,
            "now": self._clock(),
            "instances": INSTANCES.dump_json(tuple(report.instances)).decode(),
            "nodes": self._told.get("nodes", ""),
            "weights": self._told.get("weights", ""),
        }
        await self._database.write(statements.REPORT, row)

    async def leave(self) -> None:
        """Be gone at once instead of after `GONE`. Raises Unavailable."""
        await self._database.write(statements.LEAVE, {"id": self._worker})

    async def sweep(self) -> None:
        """Forget workers that died long ago. Raises Unavailable."""
        old = {"before": self._clock() - KEPT.total_seconds()}
        await self._database.write(statements.DELETE_WORKERS, old)
        await self._database.write(statements.DELETE_FACTS, old)

    async def _tell(self, kind: str, facts: Any, write: Callable[[Any], str]) -> None:
        """Large facts are written again only when they have changed."""
        if facts is None or self._last.get(kind) is facts:
            return
        content = write(facts)
        digest = hashlib.sha256(content.encode()).hexdigest()
        row = {"digest": digest, "content": content, "now": self._clock()}
        await self._database.write(statements.ADD_FACTS, row)
        self._told[kind], self._last[kind] = digest, facts


@dataclass(frozen=True)
class View:
    """What all live workers have said."""

    instances: tuple[InstanceStatus, ...] = ()
    nodes: tuple[str, ...] = ()  # digests
    weights: Weights = field(default_factory=dict)


class Fleet:
    """The ports InstanceView and WeightSource, for a process that runs no jobs itself."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._view = View()
        self._facts: dict[str, Any] = {}  # parsed, by digest
        self._combined: tuple[str, ...] = ()  # digests of the weights in the view
        self._without_since: float | None = time.monotonic()  # None: an instance is usable

    def outage(self) -> timedelta:
        """See `ports.InstanceView`."""
        since = self._without_since
        return timedelta(seconds=0 if since is None else time.monotonic() - since)

    def status(self) -> tuple[InstanceStatus, ...]:
        """See `ports.InstanceView`."""
        return self._view.instances

    def look(self) -> Weights:
        """See `edge_ports.WeightSource`."""
        return self._view.weights

    async def compare(self) -> None:
        """The workers do."""

    async def object_info(self) -> Mapping[str, Any]:
        """Schemas of the nodes that every ComfyUI has. Raises InstanceUnusable, Unavailable."""
        each = [await self._of(digest, json.loads) for digest in self._view.nodes]
        if not each:
            raise InstanceUnusable(detail="no worker has reported its nodes")
        return {
            name: schema for name, schema in each[0].items() if all(name in one for one in each)
        }

    async def follow(self) -> None:
        """Keep the view up to date until cancelled."""
        while True:
            await asyncio.sleep(BEAT.total_seconds())
            try:
                await self.refresh()
            except ImgenError as error:
                log.warning("the workers' reports can't be read: %s", error)
                self._expire()

    async def refresh(self) -> None:
        """Raises Unavailable."""
        since = self._clock() - GONE.total_seconds()
        rows = await self._database.read(statements.LIVE_WORKERS, {"since": since})
        self._view = View(
            instances=tuple(status for row in rows for status in _instances(row)),
            nodes=_digests(rows, "nodes"),
            weights=await self._shared_weights(_digests(rows, "weights")),
        )
        self._note_outage()

    def _expire(self) -> None:
        """Nobody knows: the instances are no longer vouched for."""
        self._view = View(nodes=self._view.nodes, weights=self._view.weights)
        self._note_outage()

    def _note_outage(self) -> None:
        if any(status.usable for status in self._view.instances):
            self._without_since = None
        elif self._without_since is None:
            self._without_since = time.monotonic()

    async def _shared_weights(self, digests: tuple[str, ...]) -> Weights:
        """Any worker may claim any job, so only files count that every one has."""
        if digests == self._combined or not digests:
            return self._view.weights
        each = [await self._of(digest, WEIGHTS.validate_json) for digest in digests]
        self._combined = digests
        return {
            file: next((one[file] for one in each if one[file].fault), facts)
            for file, facts in each[0].items()
            if all(file in one for one in each)
        }

    async def _of(self, digest: str, parse: Callable[[str], Any]) -> Any:
        if digest not in self._facts:
            rows = await self._database.read(statements.FACTS, {"digest": digest})
            if not rows:
                raise InstanceUnusable(detail="facts of a worker are gone")
            self._facts[digest] = await asyncio.to_thread(parse, rows[0]["content"])
        return self._facts[digest]


def _instances(row: Row) -> list[InstanceStatus]:
    worker = row["id"]
    return [
        status.evolve(name=f"{worker}: {status.name}")
        for status in INSTANCES.validate_json(row["instances"])
    ]


def _digests(rows: Sequence[Row], kind: str) -> tuple[str, ...]:
    return tuple(sorted({row[kind] for row in rows if row[kind]}))
