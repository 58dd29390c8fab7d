"""A whole cache: real model, real Chroma, real job records; pictures and reviews are twins."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from twins import CALLER, Slot, World
from waiting import until

from orchestrator.cache import CacheOptions, ChromaIndex, SemanticCache, load_sentence_model
from orchestrator.cache.index import Index
from orchestrator.cache.terms import Vector
from orchestrator.jobs.cache_records import CacheRecords
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Caller, Job, Request, Reuse
from orchestrator.pipeline import accept, fulfil
from orchestrator.ports import Ports

HIT_ONLY = Reuse(wanted=True, only=True)
WAIT_FOR_ANSWER = timedelta(seconds=10)  # other tests may keep the machine busy


class Studio:
    """Makes pictures and looks for earlier ones."""

    def __init__(self, world: World, database: SqliteDatabase, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.ledger = JobLedger(database)
        self.records = CacheRecords(database)
        self.cache: SemanticCache

    @property
    def ports(self) -> Ports:
        return replace(
            self.world.ports,
            ledger=self.ledger,
            queue=self.ledger,
            hits=self.records,
            cache=self.cache,
        )

    @asynccontextmanager
    async def open(
        self,
        index: Index | None = None,
        load_model: Callable[[], Callable[[str], Vector]] = load_sentence_model,
        **options: object,
    ) -> AsyncIterator["Studio"]:
        self.cache = SemanticCache(
            index or ChromaIndex(self.folder),
            load_model,
            ledger=self.ledger,
            archive=self.records,
            storage=self.world.ports.storage,
            options=CacheOptions(**{"time_limit": WAIT_FOR_ANSWER, **options}),
        )
        running = asyncio.create_task(self.cache.run())
        try:
            yield self
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def usable(self) -> None:
        await until(self._is_usable)

    async def _is_usable(self) -> bool:
        return (await self.cache.stats()).usable

    async def holds(self, count: int) -> None:
        async def reached() -> bool:
            return (await self.cache.stats()).entries == count

        await until(reached)

    async def make(self, prompt: str = "red coat, snowy street", **wishes: object) -> Job:
        """A picture; it may not be in the cache yet."""
        caller = wishes.pop("caller", CALLER)
        await accept(Request(prompt=prompt, seed=1, **wishes), caller, "v2", self.ports)
        job = await self.ledger.claim("owner", holds="")
        return await fulfil(job, Slot(self.world), self.ports, report=lambda _: None)

    async def made(self, prompt: str = "red coat, snowy street", **wishes: object) -> Job:
        """A picture that is in the cache."""
        await self.usable()
        before = (await self.cache.stats()).entries
        job = await self.make(prompt, **wishes)
        await self.holds(before + 1)
        return job

    async def ask(
        self,
        prompt: str = "red coat, snowy street",
        caller: Caller = CALLER,
        reuse: Reuse = HIT_ONLY,
        **wishes: object,
    ) -> Job:
        """Raises CacheMiss."""
        request = Request(prompt=prompt, seed=2, reuse=reuse, **wishes)
        return await accept(request, caller, "v2", self.ports)
