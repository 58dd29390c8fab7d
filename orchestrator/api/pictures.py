"""Pictures that come with a request. Each is an upload and treated as one: bounded before and after
decoding, decoded by us, and encoded again without whatever else the file held."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from orchestrator.api.fields import Fields
from orchestrator.errors import InvalidField
from orchestrator.models import PictureName

LONGEST_DATA_URI = 15 * 2**20  # characters: 11 MiB of picture in base64, and its head
MOST_PIXELS = 64_000_000
MOST_JPEG_SCANS = 32  # a progressive file of tiny scans decodes for minutes; real ones have ten
JPEG_START_OF_SCAN = b"\xff\xda"
LONGEST_SIDE = 2048  # pixels that are kept: no model draws from more
FORMATS = ("PNG", "JPEG", "WEBP")
AT_ONCE = 2  # decoded at the same time: each may take 500 MB of memory

_decoders = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="imgen-decode")


@dataclass(frozen=True)
class Pictures:
    files: Mapping[PictureName, bytes]  # PNG

    @property
    def digests(self) -> Mapping[PictureName, str]:
        return {name: hashlib.sha256(file).hexdigest() for name, file in self.files.items()}


async def read_pictures(fields: Fields) -> Pictures:
    """The fields that hold a data URI of PNG, JPEG or WebP. Raises InvalidField."""
    texts = {
        name: fields.explained_text(name, longest=LONGEST_DATA_URI).strip() for name in PictureName
    }
    files: dict[PictureName, bytes] = {}
    loop = asyncio.get_running_loop()
    for name, text in texts.items():
        if text:
            files[name] = await loop.run_in_executor(_decoders, _encoded_again, name, text)
    if PictureName.MASK in files and PictureName.INIT not in files:
        raise InvalidField(PictureName.MASK, reason="there is no init_image")
    return Pictures(files)


def _encoded_again(name: PictureName, data_uri: str) -> bytes:
    """Upright, without metadata, and no larger than is of use. Raises InvalidField."""
    head, _, body = data_uri.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise InvalidField(name, reason="no data URI of a picture")
    try:
        data = base64.b64decode(body, validate=True)
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _bound(image, data)
            picture = _plain(image, mode="L" if name is PictureName.MASK else "RGB")
    except Exception as error:  # decoders raise whatever a hostile file makes them
        raise InvalidField(name, reason=_reason(error)) from error
    file = BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


class _TooMuch(ValueError):
    pass


def _bound(image: Image.Image, data: bytes) -> None:
    """Judged before any pixel is decoded. Raises _TooMuch."""
    if image.width * image.height > MOST_PIXELS:
        raise _TooMuch(f"more than {MOST_PIXELS} pixels")
    if image.format == "JPEG" and data.count(JPEG_START_OF_SCAN) > MOST_JPEG_SCANS:
        raise _TooMuch(f"more than {MOST_JPEG_SCANS} scans")


def _reason(error: Exception) -> str:
    """For the caller: in our own words, because decoders tell of themselves."""
    match error:
        case _TooMuch():
            return str(error)
        case Image.DecompressionBombError():
            return f"more than {MOST_PIXELS} pixels"
        case UnidentifiedImageError():
            return "no PNG, JPEG or WebP"
        case _:
            return "it can't be decoded"


def _plain(image: Image.Image, *, mode: str) -> Image.Image:
    """Pixels alone, on white where they were transparent."""
    image.draft(mode, (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded smaller, and faster
    upright = ImageOps.exif_transpose(image)
    picture = upright.convert("RGBA" if upright.has_transparency_data else mode)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture).convert(mode)
    picture.info.clear()
    return picture
