"""What every storage does."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from orchestrator.errors import StorageFailed
from orchestrator.models import Asset, AssetKind
from orchestrator.ports import Storage
from orchestrator.storage import LocalStorage, S3Storage

Sweepable = LocalStorage | S3Storage

KEY = "assets/ab/abc_00001.jpg"
HOUR = timedelta(hours=1)

BAD_KEYS = [
    "",
    "assets",
    "assets/",
    "/assets/a.jpg",
    "other/a.jpg",
    "assets/../spool/a",
    "assets/..",
    "assets/.hidden",
    "assets//a.jpg",
    "assets/a.jpg/",
    "assets/a b.jpg",
    "assets/A.jpg",
    "assets/a\\b.jpg",
    "assets/a.jpg\n",
    "assets/a\0.jpg",
    "assets/%2e%2e/a.jpg",
    "assets/" + "a" * 200,
    "assets/a/b/c/d/e/f.jpg",
]


def asset(key: str) -> Asset:
    return Asset(kind=AssetKind.SIGNED, key=key, content_type="image/jpeg")


async def put(storage: Storage, key: str, data: bytes) -> None:
    await storage.put(key, data, content_type="image/jpeg")


@pytest.mark.parametrize("data", [b"", b"\0picture\xff", b"x" * 3_000_000], ids=len)
async def test_what_was_put_is_there(storage: Storage, data: bytes) -> None:
    await put(storage, KEY, data)
    assert await storage.get(KEY) == data


async def test_what_was_never_put_is_nothing(storage: Storage) -> None:
    assert await storage.get(KEY) is None


async def test_a_storage_has_what_was_put_until_it_is_deleted(storage: Storage) -> None:
    assert not await storage.has(KEY)
    await put(storage, KEY, b"picture")
    assert await storage.has(KEY)
    await storage.delete(KEY)
    assert not await storage.has(KEY)


async def test_a_key_is_written_once(storage: Storage) -> None:
    await put(storage, KEY, b"first")
    await put(storage, KEY, b"second")
    assert await storage.get(KEY) == b"first"


async def test_of_many_writers_at_once_one_wins_whole(storage: Storage) -> None:
    candidates = [bytes([n]) * 100_000 for n in range(16)]
    await asyncio.gather(*(put(storage, KEY, data) for data in candidates))
    assert await storage.get(KEY) in candidates


async def test_what_was_deleted_is_gone_and_can_be_put_again(storage: Storage) -> None:
    await put(storage, KEY, b"first")
    await storage.delete(KEY)
    assert await storage.get(KEY) is None
    await put(storage, KEY, b"second")
    assert await storage.get(KEY) == b"second"


async def test_deleting_a_folder_deletes_what_is_in_it_and_no_more(storage: Storage) -> None:
    for key in ("spool/job/1_00001", "spool/job/1_00001_thumb", "spool/job2/1_00001"):
        await put(storage, key, b"unsigned")
    await storage.delete("spool/job")
    assert await storage.get("spool/job/1_00001") is None
    assert await storage.get("spool/job/1_00001_thumb") is None
    assert await storage.get("spool/job2/1_00001") == b"unsigned"


async def test_deleting_nothing_is_no_error(storage: Storage) -> None:
    await storage.delete("spool/never/was")


@pytest.mark.parametrize("key", BAD_KEYS, ids=repr)
async def test_a_key_outside_the_alphabet_is_refused(storage: Storage, key: str) -> None:
    for work in (put(storage, key, b"x"), storage.get(key), storage.delete(key)):
        with pytest.raises(StorageFailed):
            await work


@pytest.mark.parametrize("key", ["assets/ab/a.jpg", "blocked/ab/a.jpg"])
def test_a_link_is_an_address_that_ends_in_the_file_name_and_expires(
    storage: Storage, key: str
) -> None:
    link = urlsplit(storage.link(asset(key), lifetime=HOUR))
    assert link.scheme in ("http", "https")
    assert link.path.endswith(key)
    assert parse_qs(link.query)


@pytest.mark.parametrize("key", ["spool/job/1_00001", "assets/../spool/job/1_00001"])
def test_what_is_private_gets_no_link(storage: Storage, key: str) -> None:
    with pytest.raises(StorageFailed):
        storage.link(asset(key), lifetime=HOUR)


async def test_what_lies_in_the_spool_is_named_by_its_age(storage: Sweepable) -> None:
    for key in ("spool/one/1", "spool/one/2", "spool/two/1", "assets/three/1"):
        await put(storage, key, b"picture")
    found = await storage.spooled(untouched=-HOUR)  # whatever was written before the next hour
    assert sorted(found) == ["one", "two"]
    assert await storage.spooled(untouched=HOUR) == []
