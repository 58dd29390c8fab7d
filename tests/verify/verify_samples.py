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
    """Clouds: random detail at every scale, muted at the finer ones."""
    random = np.random.default_rng(7)
    clouds = np.full((height, width, 3), 128.0)
    for cells in (3, 6, 12, 24, 48, 96):
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), np.uint8))
        layer = coarse.resize((width, height), Image.Resampling.BICUBIC)
        clouds += (np.asarray(layer) - 128.0) * 1.5 / cells**0.5
    return np.clip(clouds, 0, 255).astype(np.uint8)


def marked() -> Picture:
    return embed(photo(), KeyedMarks(KEY).payload(WATERMARK_ID))


def encode(pixels: Picture, file_format: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format, **FORMATS[file_format])
    return file.getvalue()
