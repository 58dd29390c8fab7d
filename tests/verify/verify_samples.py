"""Pictures with and without our mark."""

import io

import numpy as np
from PIL import Image

from comfy_nodes.marks import Picture
from comfy_nodes.marks.watermark import embed
from orchestrator.verify import KeyedMarks

KEY = b"the key of these tests"
WATERMARK_ID = "0123456789abcdef"
FORMATS = {"JPEG": {"quality": 95}, "PNG": {}, "WEBP": {"quality": 90}, "AVIF": {"quality": 75}}


def photo(width: int = 640, height: int = 448) -> Picture:
    """Soft shapes with a little grain."""
    rows, columns = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(7).normal(0, 3, (height, width, 1))
    shapes = [
        np.sin(columns / a) * 45 + np.cos(rows / b) * 45 for a, b in ((61, 43), (47, 71), (83, 59))
    ]
    return np.clip(np.stack(shapes, axis=2) + 128 + grain, 0, 255).astype(np.uint8)


def marked() -> Picture:
    return embed(photo(), KeyedMarks(KEY).payload(WATERMARK_ID))


def encode(pixels: Picture, file_format: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format, **FORMATS[file_format])
    return file.getvalue()
