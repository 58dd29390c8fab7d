"""The visible mark: where it lands, how it looks, and which uploads are refused."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import base64_of, file_of, flat
from PIL import Image, PngImagePlugin

from comfy_nodes.marks.brand import MAX_BYTES, POSITIONS, BadMark, Placement, apply, check

WHITE = flat((255, 255, 255), 400, 200)


def mark(width=40, height=20, colour=(200, 0, 0, 255)):
    return base64_of(file_of(Image.new("RGBA", (width, height), colour)))


def extent(picture, background=WHITE):
    """Left, top, right, bottom of what differs."""
    rows, columns = np.nonzero((picture != background).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("top-left", (7, 3, 47, 23)),
        ("top-right", (353, 3, 393, 23)),
        ("center", (180, 90, 220, 110)),
        ("bottom-left", (7, 177, 47, 197)),
        ("bottom-right", (353, 177, 393, 197)),
    ],
)
def test_the_mark_lands_at_its_position(position, box):
    placement = Placement(position, scale=10, padding_x=7, padding_y=3)
    assert extent(apply(WHITE, mark(), placement)) == box


def test_scale_is_per_cent_of_the_width_with_proportions_kept():
    left, top, right, bottom = extent(apply(WHITE, mark(300, 100), Placement(scale=30)))
    assert (right - left, bottom - top) == (120, 40)


@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    scale=st.integers(1, 100),
    rotation=st.integers(-360, 360),
    padding=st.integers(0, 500),
    position=st.sampled_from(POSITIONS),
)
def test_the_mark_never_covers_more_than_a_quarter(
    width, height, scale, rotation, padding, position
):
    placement = Placement(position, scale, 100, rotation, padding, padding)
    covered = (apply(WHITE, mark(width, height), placement) < 128).any(axis=2)
    edge = 4 * 600  # pixels that a turned rectangle half covers
    assert covered.any() or scale < 10 or min(width, height) * 20 < max(width, height)
    assert covered.sum() <= WHITE[..., 0].size / 4 + (edge if rotation % 90 else 0)


@pytest.mark.parametrize("opacity", [0, 25, 50, 100])
def test_opacity_mixes_the_mark_with_the_picture(opacity):
    marked = apply(WHITE, mark(colour=(0, 0, 0, 255)), Placement("center", 10, opacity))
    assert marked[100, 200, 0] == pytest.approx(255 * (1 - opacity / 100), abs=2)


def test_the_marks_own_transparency_counts():
    marked = apply(WHITE, mark(colour=(0, 0, 0, 128)), Placement("center", 10))
    assert marked[100, 200, 0] == pytest.approx(127, abs=2)


def test_a_quarter_turn_is_clockwise():
    upright = Image.new("RGBA", (40, 20), (0, 0, 255, 255))
    upright.paste((255, 0, 0, 255), (0, 0, 20, 20))  # red on the left
    turned = apply(WHITE, base64_of(file_of(upright)), Placement("center", 10, rotation=90))
    assert extent(turned) == (190, 80, 210, 120)
    assert turned[85, 200, 0] > 250  # clockwise brings the left to the top
    assert turned[115, 200, 2] > 250


def test_the_corners_of_a_turned_mark_are_transparent():
    turned = apply(WHITE, mark(40, 40), Placement("center", 10, rotation=45))
    left, top, _, _ = extent(turned)
    assert (turned[top + 2, left + 2] == 255).all()


def test_a_turned_mark_keeps_its_paddings():
    placement = Placement("bottom-right", 20, rotation=90, padding_x=10, padding_y=10)
    assert extent(apply(WHITE, mark(80, 20), placement))[2:] == (390, 190)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_three_formats_are_marks(form):
    data = base64_of(file_of(Image.new("RGB", (40, 20), (200, 0, 0)), form))
    assert check(f"data:image/{form.lower()};base64,{data}") == data


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_colour_mode_can_be_drawn(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    image = base64_of(file_of(Image.new(mode, (40, 20)), form))
    assert apply(WHITE, check(image), Placement("center", 10)).shape == WHITE.shape


def png_that_says(width, height):
    """A small file whose header promises a large picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def webp_that_says(width, height):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def progressive_bomb():
    """A valid JPEG file whose last scan comes again and again."""
    data = file_of(Image.new("RGB", (64, 64)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 500 + data[-2:]


def png_with_a_text_bomb():
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "a" * 100_000_000, zip=True)
    return file_of(Image.new("RGB", (8, 8)), "PNG", pnginfo=text)


REFUSED = {
    "nothing": b"",
    "text": b"not a picture",
    "gif": file_of(Image.new("L", (8, 8)), "GIF"),
    "tiff": file_of(Image.new("L", (8, 8)), "TIFF"),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "half a png": file_of(Image.new("RGB", (500, 500), (9, 8, 7)))[:-40],
    "a png of 16 gigapixels": png_that_says(131072, 131072),
    "a png of 100 megapixels": png_that_says(10000, 10000),
    "a png one row too high": png_that_says(4096, 4097),
    "a png without its pixels": png_that_says(1000, 1000),
    "a webp of 268 megapixels": webp_that_says(16384, 16384),
    "a jpeg of 500 scans": progressive_bomb(),
    "a png with 100 MB of text": png_with_a_text_bomb(),
    "too many bytes": file_of(Image.new("L", (8, 8))) + bytes(MAX_BYTES),
}


@pytest.mark.parametrize("upload", REFUSED)
def test_what_is_no_bounded_picture_is_refused(upload):
    with pytest.raises(BadMark):
        check(base64_of(REFUSED[upload]))


@pytest.mark.parametrize(
    "text", ["%%%", "data:image/png,plain", "data:image/png;base64", "AAA", "ünicode", "{{7*7}}"]
)
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(BadMark):
        check(text)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
def test_rubbish_is_refused_and_nothing_else_is_raised(rubbish, magic):
    with pytest.raises(BadMark):
        check(base64_of(magic + rubbish))


def test_line_breaks_in_base64_are_forgiven():
    image = mark()
    assert check("\n".join(image[i : i + 60] for i in range(0, len(image), 60))) == image


def test_an_unknown_position_is_refused():
    with pytest.raises(ValueError, match="position is one of"):
        Placement("middle")
