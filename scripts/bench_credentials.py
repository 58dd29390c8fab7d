"""Prints what signing and reading content credentials cost: time and bytes, for each format."""

import asyncio
import io
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from orchestrator.credentials import C2paSigner, CredentialReader, development_chain
from orchestrator.models import Claims, Credits, Format

WIDTH, HEIGHT = 1344, 768
ROUNDS = 30
OPTIONS = {
    Format.JPEG: {"quality": 95},
    Format.PNG: {"compress_level": 1},
    Format.WEBP: {"quality": 90, "method": 2},
    Format.AVIF: {"quality": 75, "speed": 8},
}
CLAIMS = Claims(
    job=uuid4(),
    gen_id="abcdefghij0123456789",
    made=datetime.now(UTC),
    model="Example Model",
    template_digest="7e" * 32,
    fingerprint="f0" * 32,
    watermark_id="0123456789abcdef",
    branded=True,
    brand_sha256="ab" * 32,
    credits=Credits(author="Jo Painter", title="Snowy street", organization="Example Studio"),
)


def encoded(form: Format) -> bytes:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    grain = np.random.default_rng(1).normal(0, 6, (HEIGHT, WIDTH, 1))
    shapes = np.stack([np.sin(columns / a) * 60 + np.cos(rows / a) * 50 for a in (61, 83, 47)], 2)
    pixels = np.clip(shapes + 128 + grain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form.value, **OPTIONS[form])
    return file.getvalue()


async def median(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


async def measure(signer: C2paSigner, reader: CredentialReader, form: Format) -> str:
    unsigned = encoded(form)
    signed = await signer.sign(unsigned, form, CLAIMS)
    signing = await median(lambda: signer.sign(unsigned, form, CLAIMS))
    with_parent = await median(lambda: signer.sign(unsigned, form, CLAIMS, parent=signed))
    reading = await median(lambda: asyncio.to_thread(reader.read, signed))
    return (
        f"{form.value:<5} {len(unsigned) / 1024:>8.0f} {len(signed) - len(unsigned):>8} "
        f"{signing:>8.1f} {with_parent:>12.1f} {reading:>8.1f}"
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        signer = C2paSigner(lambda: development_chain(Path(folder)))
        reader = CredentialReader(signer.chain)
        print(f"{WIDTH}×{HEIGHT}, median of {ROUNDS}, milliseconds")
        print("        KiB   +bytes     sign  with parent     read")
        for form in Format:
            print(await measure(signer, reader, form))


if __name__ == "__main__":
    asyncio.run(main())
