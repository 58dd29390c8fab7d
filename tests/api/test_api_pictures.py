"""Pictures that come with a request are decoded within bounds, and nothing else of them is kept."""

import base64
import io

import pytest
from PIL import Image

from orchestrator.api import pictures as room
from orchestrator.api.fields import Fields
from orchestrator.api.pictures import read_pictures
from orchestrator.errors import InvalidField
from orchestrator.models import PictureName

INIT, MASK = PictureName.INIT, PictureName.MASK


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def red(width: int = 8, height: int = 4) -> Image.Image:
    return Image.new("RGB", (width, height), "red")


async def read(**files: bytes) -> dict[PictureName, Image.Image]:
    found = await read_pictures(Fields({name: data_uri(data) for name, data in files.items()}))
    return {name: Image.open(io.BytesIO(file)) for name, file in found.files.items()}


async def test_no_picture_is_no_picture() -> None:
    assert (await read_pictures(Fields({"init_image": ""}))).files == {}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_what_comes_in_any_format_is_kept_as_png(form: str) -> None:
    picture = (await read(init_image=encoded(red(), form)))[INIT]
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (8, 4))
    assert picture.getpixel((0, 0))[0] > 240


async def test_a_picture_is_turned_upright_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    exif[0x010E] = "where I live"
    picture = (await read(init_image=encoded(red(), "JPEG", exif=exif)))[INIT]
    assert picture.size == (4, 8)
    assert not picture.getexif()
    assert not picture.info


async def test_what_is_transparent_becomes_white() -> None:
    picture = (await read(init_image=encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0)))))[INIT]
    assert picture.getpixel((0, 0)) == (255, 255, 255)


async def test_a_large_picture_is_kept_no_larger_than_is_of_use() -> None:
    picture = (await read(init_image=encoded(red(4096, 1024), "JPEG")))[INIT]
    assert picture.size == (2048, 512)


async def test_a_mask_is_grey() -> None:
    found = await read(init_image=encoded(red()), mask_image=encoded(red().convert("P")))
    assert found[MASK].mode == "L"


async def test_a_mask_alone_is_refused() -> None:
    with pytest.raises(InvalidField, match="mask_image"):
        await read(mask_image=encoded(red()))


async def test_the_digest_is_of_what_is_kept() -> None:
    one, two = [await read_pictures(Fields({"init_image": data_uri(encoded(red()))}))] * 2
    assert one.digests == two.digests
    assert len(one.digests[INIT]) == 64


REFUSED = {
    "a name": ("red.png", "no data URI of a picture"),
    "a URL": ("https://example.com/red.png", "no data URI of a picture"),
    "not base64": ("data:image/png;base64,!", "it can't be decoded"),
    "no picture": (data_uri(b"no picture"), "no PNG, JPEG or WebP"),
    "cut short": (data_uri(encoded(red(400, 400))[:-40]), "it can't be decoded"),
    "GIF": (data_uri(encoded(red(), "GIF")), "no PNG, JPEG or WebP"),
    "scans": (
        data_uri(encoded(red(), "JPEG") + room.JPEG_START_OF_SCAN * 40),
        "more than 32 scans",
    ),
    "too long": (data_uri(b"") + "A" * room.LONGEST_DATA_URI, "at most 15728640 characters"),
    "no text": ([1], "it has to be a text"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_anything_else_is_refused_with_its_field_and_the_reason(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(InvalidField, match=f"^Invalid field: init_image: .*{reason}"):
        await read_pictures(Fields({"init_image": text}))


async def test_pixels_are_counted_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_PIXELS", 31)
    with pytest.raises(InvalidField, match="more than 31 pixels"):
        await read(init_image=encoded(red()))
