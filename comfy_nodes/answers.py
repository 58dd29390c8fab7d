"""What the pack's routes say besides their own: refusals, and digests of what is carried."""

import base64
import hashlib

from aiohttp import web


def refusal(message: str, *, status: int) -> web.Response:
    return web.json_response({"error": message}, status=status)


def digest_of(data: bytes) -> str:
    """As the header `Content-Digest` has it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
