"""Finds earlier pictures by what their prompts mean."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from orchestrator.cache.archive import EVER, Archive, Mark
from orchestrator.cache.index import Index, IndexFailed
from orchestrator.cache.terms import Vector, place, similarity, terms
from orchestrator.edge_ports import CacheStats
from orchestrator.errors import ImgenError
from orchestrator.models import Asset, Job
from orchestrator.ports import Ledger, Storage

T = TypeVar("T")

log = logging.getLogger(__name__)

COMPARED_EVERY = timedelta(minutes=10)  # the index with the records
LATEST = timedelta(minutes=5)  # that the record of an end is seen, by the clock of who wrote it
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0  # seconds between tries to mend the index
RECENT = 256  # texts whose vectors are kept: what is looked up is often entered soon after
PENDING = 1000  # pictures that wait to be entered; what is more is found in the records later


@dataclass(frozen=True)
class CacheOptions:
    floor: float = 0.95  # cosine; a hit is more similar
    shared: bool = False  # between keys
    unreviewed: bool = False  # pictures that nobody has looked at will do
    entries: int = 100_000  # the newest
    time_limit: timedelta = timedelta(seconds=1)  # of a look-up


class Unreadable(ImgenError):
    """The text can't be embedded"""


class SemanticCache:
    """The port Cache, over an index and the records.

    What is in the index is a hint: a picture is handed out only after a look at its job's record
    and into the storage. All that blocks runs on one thread. Whatever was missed, here or by
    another process, is made up for when index and records are compared.
    """

    def __init__(
        self,
        index: Index,
        load_model: Callable[[], Callable[[str], Vector]],
        *,
        ledger: Ledger,
        archive: Archive,
        storage: Storage,
        options: CacheOptions,
    ) -> None:
        """`load_model` gives what embeds a text; it is called on the thread."""
        self._index = index
        self._load_model = load_model
        self._embed: Callable[[str], Vector] | None = None  # of the thread
        self._ledger = ledger
        self._archive = archive
        self._storage = storage
        self._options = options
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cache")
        self._usable = False
        self._disturbed = asyncio.Event()  # compare index and records now
        self._compared = EVER  # what has ended before needs no second look
        self._anew = False  # but now it does: the index was emptied, or may have been
        self._unreadable: set[UUID] = set()  # few: the door lets hardly any such text in
        self._pending: asyncio.Queue[Job] = asyncio.Queue(PENDING)
        self._hits = self._misses = self._failures = 0
        self._random = random.SystemRandom()

    async def find(self, job: Job) -> Job | None:
        """See `ports.Cache`."""
        if not self._usable:
            self._misses += 1
            return None
        try:
            async with asyncio.timeout(self._options.time_limit.total_seconds()):
                found = await self._look_up(job)
        except Exception as error:  # whatever it is, a picture can be made
            self._failures += 1
            why = str(error) or "it took too long"
            log.warning("the cache gave no answer: %s", why, exc_info=_is_odd(error))
            found = None
        self._hits += found is not None
        self._misses += found is None
        return found

    async def remember(self, job: Job) -> None:
        """See `ports.Cache`. Nobody waits until it is entered."""
        if self._pending.full():
            self._disturbed.set()
        else:
            self._pending.put_nowait(job)

    async def run(self) -> None:
        """Keep the index usable and true to the records, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tend())
                tasks.create_task(self._enter_pending())
        finally:
            self._usable = False
            self._thread.submit(self._index.close)
            self._thread.shutdown(wait=False)

    async def stats(self) -> CacheStats:
        """See `edge_ports.CacheControl`."""
        entries = await self._run(self._index.count) if self._usable else 0
        waiting = self._pending.qsize()
        return CacheStats(self._usable, entries, self._hits, self._misses, self._failures, waiting)

    async def clear(self) -> None:
        """See `edge_ports.CacheControl`."""
        await self._archive.disown()
        await self._run(self._index.clear)

    async def reindex(self) -> None:
        """See `edge_ports.CacheControl`."""
        await self._archive.readmit()
        await self._run(self._index.clear)
        self._anew = True
        self._disturbed.set()

    async def _look_up(self, job: Job) -> Job | None:
        """One of the nearest that still will do, at random; those that don't are dropped."""
        wanted = terms(job, shared=self._options.shared)
        candidates = await self._run(partial(self._nearest, job, wanted))
        for candidate in self._random.sample(candidates, len(candidates)):
            found = await self._ledger.get(candidate)
            if found is not None and await self._will_do(found, wanted):
                return found
            if found is None or found.status.final:
                await self._run(partial(self._index.remove, [candidate]))
        return None

    def _open(self) -> None:
        """The model, too, so that no look-up waits for it."""
        self._index.open()
        self._embed = self._embed or lru_cache(RECENT)(self._load_model())

    def _nearest(self, job: Job, wanted: str) -> Sequence[UUID]:
        reuse = job.request.reuse
        floor = -1.0 if reuse.force else self._options.floor
        near = self._index.nearest(place(self._embedded(job), wanted), reuse.pick)
        return [
            each.job_id
            for each in near
            if each.terms == wanted and similarity(each.distance) > floor
        ]

    async def _will_do(self, found: Job, wanted: str) -> bool:
        return (
            self._may_enter(found)
            and found.id in await self._archive.admitted([found.id], after=EVER)
            and terms(found, shared=self._options.shared) == wanted
            and await self._are_stored(found.assets)
        )

    def _may_enter(self, job: Job) -> bool:
        seen = job.verdict is not None and not job.verdict.unreviewed
        return job.cleared and (seen or self._options.unreviewed)

    async def _are_stored(self, assets: Sequence[Asset]) -> bool:
        return all(await asyncio.gather(*(self._storage.has(asset.key) for asset in assets)))

    async def _tend(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._mend_and_compare()
                pause = FIRST_PAUSE
            except Exception as error:  # whatever it is, pictures are made without the cache
                self._usable = False
                log.warning(
                    "the cache is out of use for %.0f s: %s", pause, error, exc_info=_is_odd(error)
                )
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _mend_and_compare(self) -> None:
        """Returns when it is time to do it again."""
        self._disturbed.clear()
        if not self._usable:
            self._anew = True
            await self._run(self._open)
            self._usable = True
        await self._compare()
        try:
            async with asyncio.timeout(COMPARED_EVERY.total_seconds()):
                await self._disturbed.wait()
        except TimeoutError:
            return

    async def _compare(self) -> None:
        """Drop what has no picture any more, enter what is missing. Look-ups go in between."""
        if self._anew:
            self._anew, self._compared = False, EVER
        oldest = await self._archive.before(newest=self._options.entries) or EVER
        dropped = await self._drop_all_but(after=oldest)
        seen = await self._enter_all(after=max(oldest, self._compared))
        if dropped or seen:
            log.info("cache: %d entries dropped, %d looked at", dropped, seen)

    async def _drop_all_but(self, *, after: Mark) -> int:
        """How many were dropped."""
        kept = dropped = 0
        while page := await self._run(partial(self._index.page, kept)):
            admitted = await self._archive.admitted(page, after=after)
            if gone := set(page) - admitted:
                await self._run(partial(self._index.remove, gone))
            kept, dropped = kept + len(admitted), dropped + len(gone)
        return dropped

    async def _enter_all(self, *, after: Mark) -> int:
        """How many were missing. What has ended long before the last of them is not asked for
        again: it is in the index, or may not be."""
        missing = 0
        while page := await self._archive.pictured(after=after):
            after = page[-1]
            job_ids = [job_id for _, job_id in page]
            held = await self._run(partial(self._index.holding, job_ids))
            for job_id in (each for each in job_ids if each not in held):
                missing += 1
                await self._enter_recorded(job_id)
            self._compared = (after[0] - LATEST.total_seconds(), after[1])
        return missing

    async def _enter_recorded(self, job_id: UUID) -> None:
        try:
            job = await self._ledger.get(job_id)
        except ValidationError as error:  # written by another version
            self._pass_over(job_id, type(error).__name__)
            return
        if job is not None and self._may_enter(job):
            await self._enter_if_readable(job)

    async def _enter_pending(self) -> None:
        while True:
            job = await self._pending.get()
            try:
                if self._usable:
                    await self._enter_if_readable(job)
            except Exception as error:  # whatever it is, the next one may be entered
                odd = _is_odd(error)
                log.warning("a picture was not entered into the cache: %s", error, exc_info=odd)

    async def _enter_if_readable(self, job: Job) -> None:
        """Raises IndexFailed."""
        try:
            await self._run(partial(self._enter, job))
        except Unreadable as error:
            self._pass_over(job.id, str(error))

    def _pass_over(self, job_id: UUID, reason: str) -> None:
        if job_id in self._unreadable:
            return  # told already
        self._failures += 1
        self._unreadable.add(job_id)
        log.warning("job %s can't be entered into the cache: %s", job_id, reason)

    def _enter(self, job: Job) -> None:
        own = terms(job, shared=self._options.shared)
        self._index.add(job.id, place(self._embedded(job), own), own)

    def _embedded(self, job: Job) -> Vector:
        """Raises Unreadable."""
        assert self._embed is not None  # noqa: S101  loaded when the index was opened
        try:
            return self._embed(job.plan.asked)
        except Exception as error:  # its message may hold the text
            raise Unreadable(detail=type(error).__name__) from error

    async def _run(self, work: Callable[[], T]) -> T:
        """Do it on the thread. A failure makes the index be mended. Raises IndexFailed."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work)
        except IndexFailed:
            self._usable = False
            self._disturbed.set()
            raise


def _is_odd(error: Exception) -> bool:
    """Nobody has foreseen it."""
    return not isinstance(error, ImgenError | TimeoutError)
