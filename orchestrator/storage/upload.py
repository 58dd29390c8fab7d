"""Puts one object into an S3 bucket: once, whole, and compared with a checksum by the server."""

import base64
import hashlib
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

LARGE = 16 * 2**20  # bytes from which on an object goes up in parts
PART = 8 * 2**20  # bytes; S3 wants at least 5 MiB and at most 10,000 parts

Fields = Mapping[str, Any]  # of a request
Checksum = Literal["md5", "sha256", "crc32"]


@dataclass(frozen=True)
class Uploads:
    """How objects are written. The checksum goes as a header of its own: servers refuse or ignore
    the trailer that boto3 would send. `Content-MD5` is what all of them compare."""

    checksum: Checksum
    sse: str
    kms_key: str
    storage_class: str

    def fields(self) -> Fields:
        wanted = {
            "ServerSideEncryption": self.sse,
            "SSEKMSKeyId": self.kms_key,
            "StorageClass": self.storage_class,
        }
        return {name: value for name, value in wanted.items() if value}

    def digest(self, data: bytes) -> Fields:
        match self.checksum:
            case "md5":
                return {"ContentMD5": md5_of(data)}
            case "sha256":
                return {"ChecksumSHA256": _base64(hashlib.sha256(data).digest())}
            case "crc32":
                return {"ChecksumCRC32": _base64(zlib.crc32(data).to_bytes(4, "big"))}

    def algorithm(self) -> Fields:
        """What an upload in parts has to announce."""
        return {} if self.checksum == "md5" else {"ChecksumAlgorithm": self.checksum.upper()}


def put_once(
    client: "S3Client", data: bytes, *, place: Fields, facts: Fields, uploads: Uploads
) -> None:
    """Leaves an object alone that is there already. `place` is bucket and key, `facts` are what is
    stored with the object. Raises what boto3 raises."""
    if _exists(client, place):
        return
    described = {**place, **facts, **uploads.fields()}
    try:
        _put(client, data, described, uploads, condition={"IfNoneMatch": "*"})
    except ClientError as error:
        if code_of(error) == "NotImplemented":  # a server that knows no condition
            _put(client, data, described, uploads, condition={})
        elif code_of(error) != "PreconditionFailed":  # somebody else was first
            raise


def md5_of(data: bytes) -> str:
    return _base64(hashlib.md5(data, usedforsecurity=False).digest())


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _exists(client: "S3Client", place: Fields) -> bool:
    """As far as one may know: what is forbidden is told in full by the upload itself."""
    try:
        client.head_object(**place)
    except ClientError as error:
        if code_of(error) in ("404", "403"):  # an answer to HEAD has no body that could say more
            return False
        raise
    return True


def _put(
    client: "S3Client", data: bytes, described: Fields, uploads: Uploads, *, condition: Fields
) -> None:
    if len(data) < LARGE:
        client.put_object(**described, **condition, **uploads.digest(data), Body=data)
    else:
        _put_parts(client, data, described, uploads, condition=condition)


def _put_parts(
    client: "S3Client", data: bytes, described: Fields, uploads: Uploads, *, condition: Fields
) -> None:
    begun = client.create_multipart_upload(**described, **uploads.algorithm())
    upload: Fields = {"Bucket": begun["Bucket"], "Key": begun["Key"], "UploadId": begun["UploadId"]}
    try:
        parts = [
            _put_part(client, data[start : start + PART], {**upload, "PartNumber": number}, uploads)
            for number, start in enumerate(range(0, len(data), PART), 1)
        ]
        client.complete_multipart_upload(**upload, **condition, MultipartUpload={"Parts": parts})
    except (BotoCoreError, ClientError):
        _abort(client, upload)
        raise


def _put_part(client: "S3Client", data: bytes, part: Fields, uploads: Uploads) -> Any:
    digest = uploads.digest(data)
    answer = client.upload_part(**part, **digest, Body=data)
    kept = {} if uploads.checksum == "md5" else digest
    return {"PartNumber": part["PartNumber"], "ETag": answer["ETag"], **kept}


def _abort(client: "S3Client", upload: Fields) -> None:
    try:
        client.abort_multipart_upload(**upload)
    except (BotoCoreError, ClientError) as error:
        log.warning("parts of %s stay until the bucket's own rule removes them: %s", upload, error)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
