"""The invisible mark's payload: an id that anybody may read, and a code that only we can make."""

import asyncio
import hashlib
import hmac

from comfy_nodes.marks.watermark import decode
from orchestrator.errors import Rejected
from orchestrator.verify.pixels import read_pixels

ID_DIGITS = 16  # hex: 64 bits
CODE_DIGITS = 8  # hex: 32 bits; one picture in 4 billion passes by chance
AT_ONCE = 2  # decodings: a picture of 64 megapixels takes about a gigabyte


class KeyedMarks:
    """Adapter for `ports.Marks`. The key stays in this process."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._room = asyncio.Semaphore(AT_ONCE)

    def payload(self, watermark_id: str) -> str:
        return watermark_id + self._code(watermark_id)

    async def read(self, picture: bytes) -> str | None:
        async with self._room:
            return await asyncio.to_thread(self._read, picture)

    def _read(self, picture: bytes) -> str | None:
        try:
            payload = decode(read_pixels(picture)).payload
        except Rejected:
            return None  # what can't be read carries no mark
        watermark_id, code = payload[:ID_DIGITS], payload[ID_DIGITS:]
        return watermark_id if hmac.compare_digest(code, self._code(watermark_id)) else None

    def _code(self, watermark_id: str) -> str:
        digest = hmac.new(self._key, bytes.fromhex(watermark_id), hashlib.sha256)
        return digest.hexdigest()[:CODE_DIGITS]
