"""Standard Webhooks 1.0, symmetric: what a receiver needs to know that a message is ours, whole and
fresh. See https://github.com/standard-webhooks/standard-webhooks."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"


def headers(message_id: str, body: bytes, *, secrets: Sequence[str], now: float) -> dict[str, str]:
    """One signature for each of the secrets; the receiver has to know one of them."""
    timestamp = str(int(now))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            _signature(f"{message_id}.{timestamp}.".encode() + body, secret) for secret in secrets
        ),
    }


def _signature(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
