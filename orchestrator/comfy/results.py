"""Reads what the node pack delivers: facts, then picture and thumbnail of each, as multipart."""

from collections.abc import Mapping

from aiohttp import BodyPartReader, ClientResponse, MultipartReader
from aiohttp.hdrs import CONTENT_TYPE
from pydantic import TypeAdapter

from orchestrator.models import Artifact, Facts

_FACTS = TypeAdapter(tuple[Facts, ...])


async def read_results(answer: ClientResponse) -> tuple[Artifact, ...]:
    """Raises ValueError if anything is missing."""
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
        is_json = part.headers.get(CONTENT_TYPE, "").startswith("application/json")
        parts["facts" if is_json else str(part.name)] = bytes(await part.read())
    return parts


def _bytes(parts: Mapping[str, bytes], name: str) -> bytes:
    if not parts.get(name):
        raise ValueError(f"{name} was not delivered")
    return parts[name]
