"""A cache that is damaged, full, slow or away: pictures are made without it, and it comes back."""

import gc
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from cache_studio import Studio
from waiting import until

from orchestrator.cache import ChromaIndex, Server, connect, load_sentence_model, semantic
from orchestrator.cache.connect import embedded, pictures
from orchestrator.cache.index import IndexFailed
from orchestrator.cache.terms import Vector
from orchestrator.errors import CacheMiss
from orchestrator.models import Status

CHROMA = Path(sys.executable).with_name("chroma")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "FIRST_PAUSE", 0.1)


class Troubled(ChromaIndex):
    """Fails, or takes its time, when told to."""

    full = False
    slow = 0.0  # seconds
    comparisons = 0

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.asked: Counter[UUID] = Counter()

    def page(self, start: int) -> list[UUID]:
        self.comparisons += start == 0
        return super().page(start)

    def holding(self, job_ids: Iterable[UUID]) -> set[UUID]:
        asked = list(job_ids)
        self.asked.update(asked)
        return super().holding(asked)

    def add(self, *args: object) -> None:
        if self.full:
            raise IndexFailed(detail="database or disk is full")
        super().add(*args)

    def nearest(self, *args: object) -> list:
        time.sleep(self.slow)
        return super().nearest(*args)


@contextmanager
def chroma_server(folder: Path, port: int) -> Iterator[None]:
    command = [CHROMA, "run", "--path", folder, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def test_what_was_made_while_the_cache_was_closed_is_found_later(closed: Studio) -> None:
    async with closed.open():
        pass
    made = await closed.make()
    async with closed.open() as studio:
        await studio.usable()
        await studio.holds(1)
        assert (await studio.ask()).source == made.id


async def test_a_damaged_database_is_rebuilt_from_the_records(closed: Studio) -> None:
    async with closed.open() as studio:
        made = await studio.made()
    (closed.folder / "chroma.sqlite3").write_bytes(b"damaged")
    async with closed.open() as studio:
        await studio.usable()
        await studio.holds(1)
        assert (await studio.ask()).source == made.id


def test_an_index_that_would_crash_its_reader_is_made_anew(tmp_path: Path) -> None:
    client = embedded(tmp_path)
    places = np.random.default_rng(0).standard_normal((1200, 448)).astype(np.float32)
    pictures(client).add(ids=[str(n) for n in range(1200)], embeddings=places)
    client.close()
    [links] = tmp_path.glob("*/data_level0.bin")
    links.write_bytes(b"\xff" * links.stat().st_size)
    index = ChromaIndex(tmp_path)
    index.open()
    assert index.count() == 0
    index.close()


async def test_a_full_disk_costs_entries_and_no_picture(closed: Studio) -> None:
    index = Troubled(closed.folder)
    async with closed.open(index) as studio:
        await studio.usable()
        index.full = True
        made = await studio.make()
        assert made.status is Status.COMPLETED
        index.full = False
        await studio.usable()
        await studio.holds(1)
        assert (await studio.ask()).source == made.id


async def test_a_slow_look_up_is_a_miss(closed: Studio) -> None:
    index = Troubled(closed.folder)
    async with closed.open(index, time_limit=timedelta(seconds=0.2)) as studio:
        await studio.made()
        index.slow = 0.5
        with pytest.raises(CacheMiss):
            await studio.ask()
        assert (await studio.cache.stats()).failures == 1


async def test_before_it_is_open_everything_is_a_miss(closed: Studio) -> None:
    async with closed.open() as studio:
        with pytest.raises(CacheMiss):
            await studio.ask()


async def test_a_server_may_be_killed_and_come_back(closed: Studio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    index = ChromaIndex(Server(f"http://127.0.0.1:{port}"))
    async with closed.open(index) as studio:
        with chroma_server(closed.folder, port):
            made = await studio.made()
            assert (await studio.ask()).source == made.id
        with pytest.raises(CacheMiss):
            await studio.ask()
        other = await studio.make("blue boat, calm lake")
        with chroma_server(closed.folder, port):
            await until(studio._is_usable)
            await studio.holds(2)
            assert (await studio.ask("blue boat, calm lake")).source == other.id
    gc.collect()  # a connection left open is reported here, not in a later test


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "REQUEST_LIMIT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = ChromaIndex(Server(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        with pytest.raises(IndexFailed, match="Timeout"):
            index.open()


async def test_a_cleared_cache_stays_empty_until_it_is_rebuilt(closed: Studio) -> None:
    async with closed.open() as studio:
        made = await studio.made()
        await studio.cache.clear()
        with pytest.raises(CacheMiss):
            await studio.ask()
    async with closed.open() as studio:
        await studio.usable()
        with pytest.raises(CacheMiss):
            await studio.ask()
        await studio.cache.reindex()
        await studio.holds(1)
        assert (await studio.ask()).source == made.id


async def test_only_the_newest_are_kept(closed: Studio) -> None:
    async with closed.open() as studio:
        for prompt in ("red coat", "blue boat", "green hill"):
            await studio.made(prompt)
    async with closed.open(entries=2) as studio:
        await studio.usable()
        await studio.holds(2)
        with pytest.raises(CacheMiss):
            await studio.ask("red coat")


def embeds_all_but_boats() -> Callable[[str], Vector]:
    embed = load_sentence_model()

    def embed_or_fail(text: str) -> Vector:
        if "boat" in text:
            raise TypeError("TextEncodeInput must be ...")  # as of half a surrogate pair
        return embed(text)

    return embed_or_fail


async def test_a_text_that_can_not_be_embedded_costs_one_entry_and_is_told_once(
    closed: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    async with closed.open(load_model=embeds_all_but_boats) as studio:
        await studio.usable()
        boat = await studio.make("blue boat, calm lake")
        await studio.made()
        await studio.cache.reindex()
        await studio.holds(1)
        assert (await studio.cache.stats()).failures == 1
    assert caplog.text.count(str(boat.id)) == 1
    assert "blue" not in caplog.text


async def test_looking_for_a_text_that_can_not_be_embedded_is_a_miss(closed: Studio) -> None:
    async with closed.open(load_model=embeds_all_but_boats) as studio:
        made = await studio.made()
        with pytest.raises(CacheMiss):
            await studio.ask("blue boat, calm lake")
        assert (await studio.ask()).source == made.id


async def test_a_record_that_can_not_be_read_costs_one_entry(closed: Studio) -> None:
    async with closed.open():
        pass
    unreadable = await closed.make("blue boat, calm lake")
    made = await closed.make()
    await closed.ledger.database.write(
        "UPDATE jobs SET plan = '{}' WHERE id = :id RETURNING id", {"id": str(unreadable.id)}
    )
    async with closed.open() as studio:
        await studio.usable()
        await studio.holds(1)
        assert (await studio.ask()).source == made.id


async def test_a_model_that_can_not_be_loaded_costs_no_picture(closed: Studio) -> None:
    def damaged() -> Callable[[str], Vector]:
        raise OSError("model.safetensors: not a file")

    async with closed.open(load_model=damaged) as studio:
        assert (await studio.make()).status is Status.COMPLETED
        with pytest.raises(CacheMiss):
            await studio.ask()


async def test_what_has_ended_long_ago_is_compared_once(
    closed: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "COMPARED_EVERY", timedelta(seconds=0.02))
    index = Troubled(closed.folder)
    closed.world.unreviewed = True  # so that none may enter
    async with closed.open():
        pass
    old, recent = await closed.make(), await closed.make()
    hour_ago = {"id": str(old.id), "at": old.finished.timestamp() - 3600}
    await closed.ledger.database.write(
        "UPDATE jobs SET finished = :at WHERE id = :id RETURNING id", hour_ago
    )
    async with closed.open(index):
        await until(lambda: index.comparisons > 3)
    assert index.asked[old.id] == 1
    assert index.asked[recent.id] > 1
