"""What only S3 can show: servers that throttle, spoil, stall and vanish; what is written how."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import options_of
from s3_proxy import (
    Fault,
    S3Proxy,
    changes_a_byte,
    drips,
    hangs_up,
    never_answers,
    says,
    sends_half,
)

from orchestrator.errors import ConfigurationError, StorageFull, StorageUnavailable
from orchestrator.storage import S3Options, S3Storage
from orchestrator.storage import s3 as s3_module
from orchestrator.storage.upload import LARGE
from scripts.s3_server import S3Server

KEY = "assets/ab/abc_00001.jpg"
PICTURE = b"picture" * 1000


@pytest.fixture
async def proxy(s3_server: S3Server) -> AsyncIterator[S3Proxy]:
    async with S3Proxy(s3_server.url).running() as proxy:
        yield proxy


@pytest.fixture
def storage(options: S3Options, proxy: S3Proxy) -> S3Storage:
    return S3Storage(replace(options, endpoint=proxy.url))


async def put(storage: S3Storage, data: bytes = PICTURE) -> None:
    await storage.put(KEY, data, content_type="image/jpeg")


@pytest.mark.parametrize("fault", [says(503, "SlowDown"), says(500, "InternalError"), hangs_up])
async def test_what_goes_wrong_once_is_tried_again(
    storage: S3Storage, proxy: S3Proxy, fault: Fault
) -> None:
    proxy.faults = [fault]
    await put(storage)
    assert await storage.get(KEY) == PICTURE


@pytest.mark.parametrize("data", [PICTURE, bytes(LARGE)], ids=["whole", "in parts"])
async def test_an_upload_that_was_spoiled_on_its_way_is_no_upload(
    storage: S3Storage, proxy: S3Proxy, data: bytes
) -> None:
    proxy.faults = [changes_a_byte]
    with pytest.raises(StorageUnavailable, match="BadDigest"):
        await put(storage, data)
    assert await storage.get(KEY) is None
    await put(storage, data)
    assert await storage.get(KEY) == data


async def test_parts_that_will_never_be_whole_are_removed(
    storage: S3Storage, proxy: S3Proxy
) -> None:
    proxy.faults = [says(403, "AccessDenied")]
    with pytest.raises(StorageUnavailable):
        await put(storage, bytes(LARGE))
    assert [r.method for r in proxy.seen] == ["HEAD", "POST", "PUT", "DELETE"]


async def test_a_picture_that_breaks_off_is_not_taken_for_a_whole_one(
    storage: S3Storage, proxy: S3Proxy
) -> None:
    proxy.faults, proxy.methods = [sends_half], ("GET",)
    with pytest.raises(StorageUnavailable):
        await storage.get(KEY)


async def test_a_server_that_never_answers_is_not_waited_for_endlessly(
    options: S3Options, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_module, "SILENCE_LIMIT", 0.2)
    proxy.faults = [never_answers] * s3_module.TRIES
    with pytest.raises(StorageUnavailable, match="timeout"):
        await put(S3Storage(replace(options, endpoint=proxy.url)))


async def test_nor_is_one_that_always_has_a_little_more_to_say(
    storage: S3Storage, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_module, "TIME_LIMIT", 0.2)
    proxy.faults, proxy.methods = [drips], ("GET",)
    with pytest.raises(StorageUnavailable):
        await storage.get(KEY)


@pytest.mark.parametrize("fault", [says(507, "InsufficientStorage"), says(403, "QuotaExceeded")])
async def test_a_full_bucket_is_said(storage: S3Storage, proxy: S3Proxy, fault: Fault) -> None:
    proxy.faults = [fault]
    with pytest.raises(StorageFull):
        await put(storage)


async def test_a_writer_that_comes_second_leaves_things_as_they_are(
    storage: S3Storage, proxy: S3Proxy
) -> None:
    proxy.faults = [says(412, "PreconditionFailed")]
    await put(storage)
    assert proxy.seen[-1].headers["If-None-Match"] == "*"


async def test_a_server_that_knows_no_condition_is_asked_without(
    storage: S3Storage, proxy: S3Proxy
) -> None:
    proxy.faults = [says(501, "NotImplemented")]
    await put(storage)
    assert "If-None-Match" not in proxy.seen[-1].headers
    assert await storage.get(KEY) == PICTURE


async def test_wrong_keys_make_a_job_wait_for_right_ones(options: S3Options) -> None:
    with pytest.raises(StorageUnavailable, match="SignatureDoesNotMatch"):
        await put(S3Storage(replace(options, secret_key="wrong")))


@pytest.mark.timeout(60)
async def test_a_server_that_was_killed_and_came_back_serves_what_it_had(tmp_path: Path) -> None:
    with S3Server(tmp_path) as server:
        storage = S3Storage(options_of(server))
        await put(storage)
        server.kill()
        with pytest.raises(StorageUnavailable):
            await storage.get(KEY)
        server.start()
        assert await storage.get(KEY) == PICTURE


@pytest.mark.parametrize(
    ("checksum", "header"),
    [
        ("md5", "Content-MD5"),
        ("sha256", "x-amz-checksum-sha256"),
        ("crc32", "x-amz-checksum-crc32"),
    ],
)
@pytest.mark.parametrize("data", [PICTURE, bytes(LARGE)], ids=["whole", "in parts"])
async def test_every_upload_carries_its_checksum_as_a_header(
    options: S3Options, proxy: S3Proxy, data: bytes, checksum: str, header: str
) -> None:
    await put(S3Storage(replace(options, endpoint=proxy.url, checksum=checksum)), data)
    uploaded = [request.headers for request in proxy.seen if request.method == "PUT"]
    assert all(header in headers and "x-amz-trailer" not in headers for headers in uploaded)


@pytest.mark.parametrize("data", [PICTURE, bytes(LARGE)], ids=["whole", "in parts"])
async def test_an_object_is_stored_as_the_operator_wants_it(
    options: S3Options, proxy: S3Proxy, data: bytes
) -> None:
    wishes = {"sse": "aws:kms", "kms_key": "key-1", "storage_class": "STANDARD_IA"}
    await put(S3Storage(replace(options, endpoint=proxy.url, **wishes)), data)
    headers = proxy.seen[1].headers  # after the question whether it is there
    wanted = {
        "Content-Type": "image/jpeg",
        "Content-Disposition": 'inline; filename="abc_00001.jpg"',
        "Cache-Control": "private, max-age=3600, immutable",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
        "x-amz-storage-class": "STANDARD_IA",
    }
    assert {name: headers.get(name) for name in wanted} == wanted


async def test_a_batch_to_delete_carries_the_checksum_that_old_servers_want(
    storage: S3Storage, proxy: S3Proxy
) -> None:
    await storage.delete(KEY)
    assert "Content-MD5" in proxy.seen[-1].headers


async def test_a_folder_of_many_pages_is_deleted_whole(
    storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_module, "PAGE", 2)
    keys = [f"spool/job/{n}" for n in range(5)]
    for key in keys:
        await storage.put(key, b"unsigned", content_type="image/png")
    await storage.delete("spool/job")
    assert [await storage.get(key) for key in keys] == [None] * 5


def test_without_credentials_it_says_which_settings_to_make(
    options: S3Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="IMGEN_S3__ACCESS_KEY"):
        S3Storage(replace(options, access_key="", secret_key=""))


def test_the_secret_key_is_not_shown(options: S3Options) -> None:
    assert options.secret_key not in repr(options)
