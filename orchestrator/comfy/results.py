"""Reads what the node pack delivers: facts, then picture and thumbnail of each, as multipart."""

import base64
import hashlib
from collections.abc import Mapping

from aiohttp import BodyPartReader, ClientResponse, MultipartReader
from pydantic import TypeAdapter

from orchestrator.models import Artifact, Facts

_FACTS = TypeAdapter(tuple[Facts, ...])


async def read_results(answer: ClientResponse) -> tuple[Artifact, ...]:
    """Raises ValueError if anything is missing or not what was sent."""
    parts = await _read_parts(answer)
    facts = _FACTS.validate_json(parts.get("facts", b""))
    if not facts:
        raise ValueError("no picture was delivered")
    return tuple(
        Artifact(
            picture=_bytes(parts, f"picture-{number}"),
            thumbnail=_bytes(parts, f"thumbnail-{number}"),
            facts=one,
        )
        for number, one in enumerate(facts, start=1)
    )


async def _read_parts(answer: ClientResponse) -> dict[str, bytes]:
    """Bodies by name."""
    parts: dict[str, bytes] = {}
    async for part in MultipartReader.from_response(answer):
        if not isinstance(part, BodyPartReader):
            raise TypeError("a part has parts of its own")
        data = bytes(await part.read())
        if part.headers.get("Content-Digest") != digest_of(data):
            raise ValueError(f"{part.name} is not what was sent")
        parts[str(part.name)] = data
    return parts


def digest_of(data: bytes) -> str:
    """As the header `Content-Digest` has it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def _bytes(parts: Mapping[str, bytes], name: str) -> bytes:
    if not parts.get(name):
        raise ValueError(f"{name} was not delivered")
    return parts[name]
