"""Links that expire: the key and the moment of expiry, covered by an HMAC-SHA256."""

import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import urlencode

from orchestrator.errors import NotFound, StorageFailed
from orchestrator.storage.keys import is_linkable

CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
}


def content_type(key: str) -> str:
    return CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")


@dataclass(frozen=True)
class Links:
    public_url: str  # scheme, host and port
    secret: bytes = field(repr=False)

    def make(self, key: str, *, expires: int) -> str:
        """`expires` in seconds since the epoch. Raises StorageFailed if the key is private."""
        if not is_linkable(key):
            raise StorageFailed(detail=f"no link may be made to {key[:200]!r}")
        query = urlencode({"expires": expires, "signature": self._signature(key, str(expires))})
        return f"{self.public_url.rstrip('/')}/assets/{key}?{query}"

    def verify(self, key: str, *, expires: str, signature: str, now: float) -> None:
        """Raises NotFound for a link that we didn't make or that has expired: nobody learns
        which of the two it was."""
        genuine = hmac.compare_digest(
            self._signature(key, expires).encode(), signature.encode(errors="replace")
        )
        if not (genuine and is_linkable(key) and now < int(expires)):
            raise NotFound

    def _signature(self, key: str, expires: str) -> str:
        message = f"{key}\n{expires}".encode(errors="replace")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()
