"""Storage in S3 or in what speaks like it, by boto3 on a few threads."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.errors import (
    ConfigurationError,
    ImgenError,
    StorageFailed,
    StorageFull,
    StorageUnavailable,
    Unavailable,
)
from orchestrator.models import Asset
from orchestrator.storage import presign
from orchestrator.storage.keys import checked, is_linkable
from orchestrator.storage.presign import Presigner
from orchestrator.storage.upload import Checksum, Fields, Uploads, code_of, md5_of, put_once

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

T = TypeVar("T")
Addressing = Literal["auto", "path", "virtual"]

PUBLIC = "assets/"
THREADS = 8
TRIES = 3  # of one request; with back-off and jitter between them
CONNECT_LIMIT = 5  # seconds
SILENCE_LIMIT = 20  # seconds without a byte
TIME_LIMIT = 120  # seconds for one operation with all its requests
PAGE = 1000  # keys that are deleted at once
LARGEST = 512 * 2**20  # bytes that are read
INSUFFICIENT_STORAGE = 507  # HTTP
CHUNK = 2**20  # bytes
DEFAULT_REGION = "us-east-1"  # what servers that have no regions expect


@dataclass(frozen=True)
class S3Options:
    """Which buckets, and how they are reached."""

    bucket: str
    private_bucket: str = ""  # of blocked and unsigned pictures; empty: the same bucket
    prefix: str = ""  # of every key
    endpoint: str = ""  # empty: AWS
    link_endpoint: str = ""  # the same server as clients reach it; empty: the endpoint
    public_url: str = ""  # where everybody may read the bucket; empty: safe pictures are signed for
    region: str = ""  # empty: what boto3 finds
    access_key: str = ""  # empty: what boto3 finds
    secret_key: str = field(default="", repr=False)
    addressing: Addressing = "auto"
    sse: str = ""  # server-side encryption: AES256 or aws:kms
    kms_key: str = ""
    storage_class: str = ""
    checksum: Checksum = "md5"

    @property
    def uploads(self) -> Uploads:
        return Uploads(self.checksum, self.sse, self.kms_key, self.storage_class)


class S3Storage:
    """Adapter for `ports.Storage`. Raises ConfigurationError if there are no credentials."""

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self.session = make_session(options)
        self._client = make_client(self.session, options, options.endpoint)
        self._presigner = make_presigner(self.session, options)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3")

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        place, facts = self.place(key), self._facts(key, content_type)
        uploads = self._options.uploads
        await self.run(
            partial(put_once, self._client, data, place=place, facts=facts, uploads=uploads)
        )

    async def get(self, key: str) -> bytes | None:
        return await self.run(partial(_read, self._client, self.place(key)))

    async def has(self, key: str) -> bool:
        return await self.run(partial(_has, self._client, self.place(key)))

    async def delete(self, key: str) -> None:
        await self.run(partial(_delete, self._client, self.place(key)))

    async def spooled(self, *, untouched: timedelta) -> list[str]:
        """Names below `spool/` of which nothing was written for so long, by the server's clock."""
        place = self.place("spool/all")
        below = {**place, "Key": place["Key"].removesuffix("all")}
        return await self.run(partial(_older, self._client, below, datetime.now(UTC) - untouched))

    def link(self, asset: Asset, *, lifetime: timedelta) -> str:
        """Safe pictures by the public address if there is one; all others are signed for."""
        if not is_linkable(asset.key):
            raise StorageFailed(detail=f"no link may be made to {asset.key[:200]!r}")
        if asset.key.startswith(PUBLIC) and (address := self.public_address(asset.key)):
            return address
        return self._presigner.sign(self.place(asset.key), lifetime=lifetime)

    async def watch(self) -> None:
        """Have credentials at hand that sign links, until cancelled."""
        while True:
            try:
                await self.run(self._presigner.renew)
            except ImgenError as error:
                log.warning("the credentials that sign links could not be renewed: %s", error)
            await asyncio.sleep(presign.RENEWAL.total_seconds())

    def public_address(self, key: str) -> str:
        """Where it would be if everybody might read it; empty if nothing is public."""
        url = self._options.public_url.rstrip("/")
        return url and f"{url}/{self.place(key)['Key']}"

    def place(self, key: str) -> Fields:
        """Bucket and full key."""
        options, parts = self._options, [self._options.prefix.strip("/"), checked(key)]
        private = options.private_bucket and not key.startswith(PUBLIC)
        return {
            "Bucket": options.private_bucket if private else options.bucket,
            "Key": "/".join(filter(None, parts)),
        }

    @property
    def client(self) -> "S3Client":
        """For `run` only: it blocks."""
        return self._client

    async def run(self, work: Callable[[], T]) -> T:
        """Do it on a thread and within the time limit. Raises StorageFull, StorageUnavailable."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(TIME_LIMIT):
                return await loop.run_in_executor(self._threads, work)
        except (BotoCoreError, ClientError, RuntimeError, TimeoutError) as error:
            raise _meaning(error) from error  # RuntimeError: a role's new credentials have expired

    def _facts(self, key: str, content_type: str) -> Fields:
        name = key.rpartition("/")[2]
        scope = "public" if self._options.public_url and key.startswith(PUBLIC) else "private"
        return {
            "ContentType": content_type,
            "ContentDisposition": f'inline; filename="{name}"',
            "CacheControl": f"{scope}, max-age=3600, immutable",
        }


def make_session(options: S3Options) -> boto3.Session:
    """With the credentials of the options, or what AWS tools have been told in the environment and
    in files. Raises ConfigurationError if there are none."""
    with _explained():
        session = boto3.Session(options.access_key or None, options.secret_key or None)
        if session.get_credentials() is None:
            raise ConfigurationError(
                "S3: no credentials; set IMGEN_S3__ACCESS_KEY and IMGEN_S3__SECRET_KEY"
            )
    return session


def make_client(session: boto3.Session, options: S3Options, endpoint: str) -> "S3Client":
    with _explained():
        client: S3Client = session.client(
            "s3",
            region_name=options.region or session.region_name or DEFAULT_REGION,
            endpoint_url=endpoint or None,
            config=_config(options.addressing, own_server=bool(endpoint)),
        )
    client.meta.events.register("before-call.s3.DeleteObjects", _add_md5)
    return client


def make_presigner(session: boto3.Session, options: S3Options) -> Presigner:
    credentials: Any = session.get_credentials()

    def client_with(frozen: "ReadOnlyCredentials") -> "S3Client":
        keys = frozen.access_key, frozen.secret_key, frozen.token
        fixed = boto3.Session(*keys, region_name=session.region_name)
        return make_client(fixed, options, options.link_endpoint or options.endpoint)

    with _explained():
        return Presigner(credentials, client_with)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"S3: {error}") from error


def _config(addressing: Addressing, *, own_server: bool) -> Config:
    """Left to itself, boto3 signs links to AWS for an address that redirects to the region's."""
    if addressing == "auto":
        addressing = "path" if own_server else "virtual"
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": addressing},
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=CONNECT_LIMIT,
        read_timeout=SILENCE_LIMIT,
        max_pool_connections=THREADS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _add_md5(params: dict[str, Any], **_: Any) -> None:
    """Older servers know no other checksum for a batch, and refuse one without."""
    params["headers"]["Content-MD5"] = md5_of(params["body"])


def _read(client: "S3Client", place: Fields) -> bytes | None:
    try:
        answer = client.get_object(**place)
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return None
        raise
    with closing(answer["Body"]) as body:
        if answer["ContentLength"] > LARGEST:
            raise StorageFailed(detail=f"{place['Key']} is larger than {LARGEST} bytes")
        return b"".join(_in_time(body.iter_chunks(CHUNK)))


def _has(client: "S3Client", place: Fields) -> bool:
    try:
        client.head_object(**place)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey"):
            return False
        raise
    return True


def _in_time(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Nobody waits any longer for what comes later."""
    deadline = time.monotonic() + TIME_LIMIT
    for chunk in chunks:
        yield chunk
        if time.monotonic() > deadline:
            raise TimeoutError


def _delete(client: "S3Client", place: Fields) -> None:
    """Page by page all below, then the object itself: for a server over a file system it is the
    folder of the others, and gone with the last of them."""
    bucket, key = place["Bucket"], place["Key"]
    for page in _pages(client, bucket, f"{key}/"):
        if page:
            _delete_batch(client, bucket, list(page))
    _delete_batch(client, bucket, [key])


def _older(client: "S3Client", below: Fields, before: datetime) -> list[str]:
    newest: dict[str, datetime] = {}
    for page in _pages(client, below["Bucket"], below["Key"]):
        for key, written in page.items():
            name = key.removeprefix(below["Key"]).partition("/")[0]
            newest[name] = max(written, newest.get(name, written))
    return [name for name, written in newest.items() if written < before]


def _pages(client: "S3Client", bucket: str, prefix: str) -> Iterator[dict[str, datetime]]:
    """Keys, and when they were written."""
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": PAGE}
    )
    for page in pages:
        yield {item["Key"]: item["LastModified"] for item in page.get("Contents", [])}


def _delete_batch(client: "S3Client", bucket: str, keys: list[str]) -> None:
    batch: Any = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    for error in client.delete_objects(Bucket=bucket, Delete=batch).get("Errors", []):
        raise StorageUnavailable(detail=f"{error.get('Key')} stays: {error.get('Message')}")


def _meaning(error: Exception) -> Unavailable:
    """Whatever a server says, it is no fault of the job that needs it."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == INSUFFICIENT_STORAGE or code_of(error) == "QuotaExceeded":
            return StorageFull(detail=str(error))
    return StorageUnavailable(detail=str(error) or type(error).__name__)
