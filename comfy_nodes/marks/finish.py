"""One picture from the last pixel of the model to the files that are delivered."""

from dataclasses import dataclass, field

from . import Picture
from .brand import Placement
from .brand import apply as brand
from .encode import Encoding, Format, encode, thumbnail
from .fingerprint import fingerprint
from .watermark import embed


@dataclass(frozen=True)
class Order:
    """How a picture is to be finished."""

    payload: str  # of the invisible mark, 24 hex digits
    encoding: Encoding = field(default_factory=Encoding)
    mark: str = ""  # the visible one: data URI or base64; empty: none
    placement: Placement = field(default_factory=Placement)


@dataclass(frozen=True)
class Facts:
    width: int  # pixels
    height: int
    format: Format
    fingerprint: str  # PDQ of the marked pixels, 64 hex digits
    fingerprint_quality: int  # 0-100


@dataclass(frozen=True)
class Finished:
    picture: bytes
    thumbnail: bytes
    facts: Facts


def finish(rgb: Picture, order: Order) -> Finished:
    """Brand, mark, fingerprint and encode, in this order: nothing may touch the pixels after.

    The thumbnail is marked again: scaling wipes out the mark of the picture.
    Raises BadMark for the visible mark, ValueError for the payload.
    """
    branded = brand(rgb, order.mark, order.placement) if order.mark else rgb
    marked = embed(branded, order.payload)
    digits, quality = fingerprint(marked)
    height, width = marked.shape[:2]
    return Finished(
        picture=encode(marked, order.encoding),
        thumbnail=encode(embed(thumbnail(marked), order.payload), order.encoding),
        facts=Facts(width, height, order.encoding.format, digits, quality),
    )
