"""Was this picture made here? Credentials, watermark and fingerprint, each answered for itself."""

import asyncio
from collections.abc import Callable, Iterator

from comfy_nodes.marks.fingerprint import Fingerprint, fingerprint
from orchestrator.errors import UnsupportedMedia
from orchestrator.models import Credentials, Value
from orchestrator.ports import Marks
from orchestrator.verify.pixels import read_pixels

MATCHABLE = 50  # fingerprints of lower quality match anything
SHOWN = 200  # characters of what a picture claims
NO_WATERMARK = "none of ours (flat or small pictures can't hold one)"


class Report(Value):
    """What a picture says of its origin. It knows nothing of who asked for the picture."""

    credentials: Credentials
    watermark_id: str | None = None  # 16 hex digits, only if the code beside them is ours
    fingerprint: str = ""  # PDQ, 64 hex digits
    fingerprint_quality: int = 0  # 0-100
    unreadable: str = ""  # why there are no pixels to look at

    @property
    def made_here(self) -> bool:
        return self.credentials.ours or self.watermark_id is not None

    @property
    def text(self) -> str:
        """For a terminal: whatever the picture claims is shown harmless, one line each."""
        return "\n".join(_printable(line) for line in _lines(self))


async def inspect(
    picture: bytes, *, read_credentials: Callable[[bytes], Credentials], marks: Marks
) -> Report:
    """Raises BodyTooLarge for a picture that is too large to be looked at."""
    try:
        digits, quality = await asyncio.to_thread(_fingerprint, picture)
        unreadable = ""
    except UnsupportedMedia as error:
        digits, quality, unreadable = "", 0, error.message
    return Report(
        credentials=await asyncio.to_thread(read_credentials, picture),
        watermark_id=await marks.read(picture),
        fingerprint=digits,
        fingerprint_quality=quality,
        unreadable=unreadable,
    )


def _fingerprint(picture: bytes) -> Fingerprint:
    return fingerprint(read_pixels(picture))


def _lines(report: Report) -> Iterator[str]:
    yield f"Made here:    {_answer(report)}"
    yield f"Credentials:  {_credentials(report.credentials)}"
    if report.credentials.title:
        yield f"  {'title':<13} {report.credentials.title}"
    for name, claim in report.credentials.claims.items():
        yield f"  {name:<13} {claim}"
    if report.unreadable:
        yield f"Pixels:       {report.unreadable}"
        return
    yield f"Watermark:    {report.watermark_id or NO_WATERMARK}"
    plain = " (too plain to be matched)" if report.fingerprint_quality < MATCHABLE else ""
    yield f"Fingerprint:  {report.fingerprint}"
    yield f"{' ' * 14}quality {report.fingerprint_quality}{plain}"


def _answer(report: Report) -> str:
    signs = {"credentials": report.credentials.ours, "watermark": report.watermark_id is not None}
    found = [sign for sign, ours in signs.items() if ours]
    return f"yes, by its {' and '.join(found)}" if found else "nothing says so"


def _credentials(credentials: Credentials) -> str:
    if not credentials.present:
        return "none"
    signed = f"{credentials.state}, signed by {credentials.signer or 'nobody known'}"
    failures = ", ".join(credentials.failures)
    return f"{signed} ({failures})" if failures else signed


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)[:SHOWN]
