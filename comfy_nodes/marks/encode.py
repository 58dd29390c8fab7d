"""Pixels to a file of one of four formats, fast enough to be done once for every picture."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from . import Picture

Format = Literal["jpeg", "png", "webp", "avif"]
FORMATS: tuple[Format, ...] = get_args(Format)

THUMBNAIL_LONG_SIDE = 384  # pixels


@dataclass(frozen=True)
class Encoding:
    format: Format = "jpeg"
    quality: int = 95  # 1-100; means nothing to PNG
    lossless: bool = False  # WebP; AVIF but for the rounding of YUV; PNG always is, JPEG never

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format is one of {', '.join(FORMATS)}, not {self.format!r}")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is 1 to 100, not {self.quality}")

    @property
    def extension(self) -> str:
        return "jpg" if self.format == "jpeg" else self.format


def encode(rgb: Picture, encoding: Encoding) -> bytes:
    file = BytesIO()
    Image.fromarray(rgb).save(file, encoding.format, **_options(encoding))
    return file.getvalue()


def thumbnail(rgb: Picture) -> Picture:
    """The same picture with a long side of 384 pixels; a smaller one is left as it is."""
    image = Image.fromarray(rgb)
    box = (THUMBNAIL_LONG_SIDE, THUMBNAIL_LONG_SIDE)
    image.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=2)
    return np.asarray(image)


def _options(encoding: Encoding) -> dict[str, Any]:
    """What Pillow is told. Speed settings are those past which bytes hardly shrink."""
    match encoding.format:
        case "jpeg":
            return {"quality": encoding.quality, "subsampling": "4:2:0"}
        case "png":
            return {"compress_level": 1}
        case "webp" if encoding.lossless:
            return {"lossless": True, "quality": 0, "method": 0}  # both mean effort here
        case "webp":
            return {"quality": encoding.quality, "method": 2}
        case "avif":
            return {"speed": 8, "max_threads": 1, **_avif_quality(encoding)}


def _avif_quality(encoding: Encoding) -> dict[str, Any]:
    if encoding.lossless:
        return {"quality": 100, "subsampling": "4:4:4"}
    return {"quality": encoding.quality, "subsampling": "4:2:0"}
