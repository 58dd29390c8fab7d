"""The visible mark that a caller wants on a picture. It is an upload, and treated as one."""

import base64
import math
from dataclasses import dataclass
from io import BytesIO
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageOps

from . import Picture

Position = Literal["top-left", "top-right", "center", "bottom-left", "bottom-right"]
POSITIONS: tuple[Position, ...] = get_args(Position)

MAX_BYTES = 2 * 1024 * 1024  # of the decoded file
MAX_PIXELS = 4096 * 4096
MAX_JPEG_SCANS = 32  # a progressive file of tiny scans decodes for minutes; real ones have ten
MAX_COVER = 0.25  # of the picture's area
FORMATS = ("PNG", "JPEG", "WEBP")
JPEG_START_OF_SCAN = b"\xff\xda"


class BadMark(ValueError):
    """The mark is no PNG, JPEG or WebP picture within the limits."""


@dataclass(frozen=True)
class Placement:
    position: Position = "bottom-right"
    scale: int = 5  # width of the mark in per cent of the picture's width
    opacity: int = 100  # per cent
    rotation: int = 0  # degrees clockwise
    padding_x: int = 10  # pixels between the rotated mark and the edge that it is anchored to
    padding_y: int = 10

    def __post_init__(self) -> None:
        if self.position not in POSITIONS:
            raise ValueError(f"position is one of {', '.join(POSITIONS)}, not {self.position!r}")


def check(image: str) -> str:
    """The file of a data URI or base64 text, as canonical base64. Raises BadMark.

    The pixels are decoded once, so that what passes here can be drawn later.
    """
    data = _file(image)
    _open(data)
    return base64.b64encode(data).decode("ascii")


def apply(rgb: Picture, image: str, placement: Placement) -> Picture:
    """A copy with the mark (data URI or base64) on it. Raises BadMark."""
    return draw(rgb, _open(_file(image)), placement)


def draw(rgb: Picture, mark: Image.Image, placement: Placement) -> Picture:
    """A copy with the mark (RGBA) on it."""
    picture = Image.fromarray(rgb)
    mark = _turned(_scaled(mark, picture.size, placement), placement.rotation)
    visible = mark.getchannel("A").point(lambda alpha: alpha * placement.opacity // 100)
    picture.paste(mark.convert("RGB"), _corner(mark.size, picture.size, placement), visible)
    return np.asarray(picture)


def _file(image: str) -> bytes:
    head, _, body = image.partition(",") if image.startswith("data:") else (";base64", "", image)
    text = "".join(body.split())
    if not head.endswith(";base64") or len(text) > MAX_BYTES * 4 // 3 + 4:
        raise BadMark(f"a mark is a base64 data URI of at most {MAX_BYTES} bytes")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadMark("a mark is a base64 data URI") from error
    if len(data) > MAX_BYTES:
        raise BadMark(f"a mark has at most {MAX_BYTES} bytes")
    return data


def _open(data: bytes) -> Image.Image:
    """Decode to RGBA, upright; size and format are judged before any pixel is decoded."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _bound(image, data)
            return ImageOps.exif_transpose(image).convert("RGBA")
    except BadMark:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadMark(f"a mark has at most {MAX_PIXELS} pixels") from error
    except Exception as error:  # decoders raise whatever a hostile file makes them
        raise BadMark("the mark is no readable PNG, JPEG or WebP picture") from error


def _bound(image: Image.Image, data: bytes) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise BadMark(f"a mark has at most {MAX_PIXELS} pixels")
    if image.format == "JPEG" and data.count(JPEG_START_OF_SCAN) > MAX_JPEG_SCANS:
        raise BadMark(f"a JPEG mark has at most {MAX_JPEG_SCANS} scans")


def _scaled(mark: Image.Image, picture: tuple[int, int], placement: Placement) -> Image.Image:
    """At the wanted width, or the largest that fits, turned, and covers a quarter at most."""
    width, height = picture
    factor = min(
        width * placement.scale / 100 / mark.width,
        math.sqrt(MAX_COVER * width * height / (mark.width * mark.height)),
        *_fitting(mark.size, picture, placement.rotation),
    )
    size = (max(1, int(mark.width * factor)), max(1, int(mark.height * factor)))
    return mark.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)


def _fitting(mark: tuple[int, int], picture: tuple[int, int], rotation: int) -> tuple[float, float]:
    """By what the mark may be multiplied for its turned box to be as wide, as high as this."""
    cos, sin = abs(math.cos(math.radians(rotation))), abs(math.sin(math.radians(rotation)))
    width, height = mark[0] * cos + mark[1] * sin, mark[0] * sin + mark[1] * cos
    return picture[0] / width, picture[1] / height


def _turned(mark: Image.Image, rotation: int) -> Image.Image:
    """Pillow turns the other way round, and fills the corners with transparency."""
    return mark.rotate(-rotation, Image.Resampling.BICUBIC, expand=True) if rotation else mark


def _corner(
    mark: tuple[int, int], picture: tuple[int, int], placement: Placement
) -> tuple[int, int]:
    """Where the mark's top left pixel goes; never so that a part of the mark is outside."""
    free_x, free_y = picture[0] - mark[0], picture[1] - mark[1]
    if placement.position == "center":
        return free_x // 2, free_y // 2
    vertical, horizontal = placement.position.split("-")
    x = placement.padding_x if horizontal == "left" else free_x - placement.padding_x
    y = placement.padding_y if vertical == "top" else free_y - placement.padding_y
    return min(max(x, 0), max(free_x, 0)), min(max(y, 0), max(free_y, 0))
