"""Times the finishing of one picture on one core, beside the stock watermark and the stock PDQ.

Run by ComfyUI's interpreter, which has the stock packages:
comfyui/.venv/bin/python scripts/bench_marks.py
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
sys.path.insert(0, str(Path(__file__).parent.parent))

import base64  # noqa: E402

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import pdqhash  # noqa: E402
from imwatermark import WatermarkEncoder  # noqa: E402
from PIL import Image  # noqa: E402

from comfy_nodes.marks import Picture, brand, watermark  # noqa: E402
from comfy_nodes.marks.encode import Encoding, encode, thumbnail  # noqa: E402
from comfy_nodes.marks.fingerprint import fingerprint  # noqa: E402
from comfy_nodes.marks.finish import Order, finish  # noqa: E402
from comfy_nodes.painter import paint  # noqa: E402

SIZE = {"width": 1344, "height": 768}
RUNS = 15
ENCODINGS = (Encoding("jpeg", 95), Encoding("png"), Encoding("webp", 90), Encoding("avif", 75))
PAYLOAD = "00112233445566778899aabb"


def median(work: Callable[[], object], runs: int = RUNS) -> float:
    """Milliseconds."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def logo() -> str:
    file = BytesIO()
    Image.new("RGBA", (400, 120), (200, 30, 30, 160)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def stock_watermark(rgb: Picture) -> None:
    encoder = WatermarkEncoder()
    encoder.set_watermark("bytes", bytes.fromhex(PAYLOAD))
    encoder.encode(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), "dwtDctSvd")


def psnr(before: Picture, after: Picture) -> float:
    """In dB."""
    return float(10 * np.log10(255**2 / np.mean((before.astype(float) - after) ** 2)))


def rows(rgb: Picture) -> list[tuple[str, float, float]]:
    """What, milliseconds, and those of the stock package or 0."""
    mark = logo()
    order = Order(PAYLOAD, Encoding("jpeg", 95), mark)
    rest = [
        ("brand", lambda: brand.apply(rgb, mark, brand.Placement())),
        ("thumbnail", lambda: thumbnail(rgb)),
        *((each.format, partial(encode, rgb, each)) for each in ENCODINGS),
        ("read the watermark back", lambda: watermark.decode(rgb)),
        ("whole chain with JPEG q95", lambda: finish(rgb, order)),
    ]
    return [
        (
            "watermark",
            median(lambda: watermark.embed(rgb, PAYLOAD)),
            median(lambda: stock_watermark(rgb), 3),
        ),
        ("PDQ", median(lambda: fingerprint(rgb)), median(lambda: pdqhash.compute(rgb))),
        *((name, median(work), 0.0) for name, work in rest),
    ]


def main() -> None:
    cv2.setNumThreads(1)
    start = time.perf_counter()
    *_, rgb = paint("red coat, snowy street, warm lighting", "", 1, steps=12, **SIZE)
    painting = time.perf_counter() - start
    print(f"{SIZE['width']}×{SIZE['height']}, one core, medians of {RUNS}")
    for name, own, stock in rows(rgb):
        compared = f"   stock {stock:7.1f} ms, {stock / own:.1f} times as long" if stock else ""
        print(f"{name:28}{own:7.1f} ms{compared}")
    print(f"{'demo painter, 12 steps':28}{painting * 1000:7.0f} ms")
    print(f"{'PSNR of the watermark':28}{psnr(rgb, watermark.embed(rgb, PAYLOAD)):7.1f} dB")


if __name__ == "__main__":
    main()
