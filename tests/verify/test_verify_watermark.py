"""Only our own mark is read as ours, whatever the picture."""

import asyncio
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from verify_samples import FORMATS, KEY, WATERMARK_ID, encode, marked, photo

from comfy_nodes.marks.watermark import embed
from orchestrator.errors import BodyTooLarge, UnsupportedMedia
from orchestrator.verify import KeyedMarks
from orchestrator.verify.pixels import read_pixels

MARKS = KeyedMarks(KEY)
SMALL = {file_format: encode(photo(160, 120), file_format) for file_format in FORMATS}

watermark_ids = st.integers(0, 2**64 - 1).map("{:016x}".format)


@given(watermark_id=watermark_ids)
def test_a_payload_is_the_id_and_a_code(watermark_id: str) -> None:
    payload = MARKS.payload(watermark_id)
    assert payload.startswith(watermark_id)
    assert len(bytes.fromhex(payload)) * 8 == 96


@given(watermark_id=watermark_ids)
def test_the_code_depends_on_the_key(watermark_id: str) -> None:
    assert MARKS.payload(watermark_id) != KeyedMarks(b"another key").payload(watermark_id)


@pytest.mark.parametrize("file_format", FORMATS)
async def test_our_mark_is_read_from_every_format(file_format: str) -> None:
    assert await MARKS.read(encode(marked(), file_format)) == WATERMARK_ID


async def test_our_mark_is_read_beneath_transparency() -> None:
    image = Image.fromarray(marked()).convert("RGBA")
    image.putalpha(128)
    file = io.BytesIO()
    image.save(file, "PNG")
    assert await MARKS.read(file.getvalue()) == WATERMARK_ID


async def test_an_unmarked_picture_has_none() -> None:
    assert await MARKS.read(encode(photo(), "PNG")) is None


async def test_a_mark_made_with_another_key_is_not_ours() -> None:
    forged = KeyedMarks(b"another key").payload(WATERMARK_ID)
    assert await MARKS.read(encode(embed(photo(), forged), "PNG")) is None


async def test_a_mark_whose_id_was_changed_is_not_ours() -> None:
    payload = "f" + MARKS.payload(WATERMARK_ID)[1:]
    assert await MARKS.read(encode(embed(photo(), payload), "PNG")) is None


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (64, 64)], ids=str)
async def test_a_tiny_picture_has_none(size: tuple[int, int]) -> None:
    assert await MARKS.read(encode(np.full((*size, 3), 200, np.uint8), "PNG")) is None


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large; its pixels are missing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        code = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", code)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


HOSTILE = {
    "empty": b"",
    "text": b"no picture",
    "a gif": b"GIF89a" + b"\0" * 100,
    "cut short": encode(photo(), "JPEG")[:2000],
    "65 megapixels": png_of(8125, 8000),
    "100 megapixels": png_of(10_000, 10_000),
    "a bomb": png_of(60_000, 60_000),
}


@pytest.mark.parametrize("picture", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_can_not_be_read_has_none(picture: bytes) -> None:
    async with asyncio.timeout(2):
        assert await MARKS.read(picture) is None


@pytest.mark.parametrize("file_format", FORMATS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_pictures_are_read_or_refused(file_format: str, data: st.DataObject) -> None:
    damaged = bytearray(SMALL[file_format])
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, 200))] = data.draw(st.integers(0, 255))
    try:
        pixels = read_pixels(bytes(damaged))
    except (UnsupportedMedia, BodyTooLarge):
        return
    assert pixels.shape[2] == 3
