"""Looks at S3 as its operator would: may we use it, do the clocks agree, is what is private?"""

import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError

from orchestrator.errors import StorageUnavailable
from orchestrator.storage.s3 import S3Storage
from orchestrator.storage.upload import Fields

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROBE = b"written by imgen doctor"
PUBLIC_LIMIT = 10  # seconds for the public address to answer


@dataclass(frozen=True)
class Examination:
    skew: timedelta  # by which the server's clock is ahead of ours
    versioned: bool  # the private bucket keeps what is deleted
    exposed: bool  # what is private can be read at the public address


async def examine(storage: S3Storage) -> Examination:
    """Writes, reads and deletes objects of its own. Raises StorageUnavailable, StorageFull."""
    name = f"doctor/{uuid4().hex}"
    await _try(storage, f"assets/{name}")
    exposed = await _try(storage, f"spool/{name}")
    ask = partial(_ask, storage.client, storage.place(f"spool/{name}"))
    skew, versioned = await storage.run(ask)
    return Examination(skew, versioned, exposed)


async def _try(storage: S3Storage, key: str) -> bool:
    """Whether the public address has it."""
    await storage.put(key, PROBE, content_type="text/plain")
    try:
        if await storage.get(key) != PROBE:
            raise StorageUnavailable(detail=f"{key} is not what was written")
        public = await storage.run(partial(_is_readable, storage.public_address(key)))
    finally:
        await storage.delete(key)
    if await storage.get(key) is not None:  # without ListBucket, AWS won't say that it is gone
        raise StorageUnavailable(detail=f"{key} could not be deleted")
    return public


def _is_readable(address: str) -> bool:
    if not address:
        return False
    try:
        with urllib.request.urlopen(address, timeout=PUBLIC_LIMIT) as answer:  # noqa: S310  http or https, as set
            return PROBE in answer.read(len(PROBE))
    except (urllib.error.URLError, TimeoutError):
        return False


def _ask(client: "S3Client", place: Fields) -> tuple[timedelta, bool]:
    answer = client.head_bucket(Bucket=place["Bucket"])["ResponseMetadata"]
    theirs = parsedate_to_datetime(answer["HTTPHeaders"]["date"])
    return theirs - datetime.now(UTC), _keeps_versions(client, place["Bucket"])


def _keeps_versions(client: "S3Client", bucket: str) -> bool:
    try:
        return client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    except ClientError:  # not every key may ask, and not every server knows
        return False
