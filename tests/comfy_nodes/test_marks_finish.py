"""Fingerprint, encoding, and the chain from pixels to delivered files."""

from dataclasses import asdict
from io import BytesIO

import numpy as np
import pdqhash
import pytest
from pictures import PAYLOAD, base64_of, decoded, file_of, flat, psnr, textured
from PIL import Image

from comfy_nodes.marks.brand import BadMark, Placement
from comfy_nodes.marks.encode import FORMATS, Encoding, encode, thumbnail
from comfy_nodes.marks.fingerprint import fingerprint
from comfy_nodes.marks.finish import Order, finish
from comfy_nodes.marks.watermark import decode, embed

PHOTO = textured()


def distance(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_a_fingerprint_is_64_hex_digits():
    digits, quality = fingerprint(PHOTO)
    assert len(bytes.fromhex(digits)) == 32
    assert 0 <= quality <= 100


def test_the_fingerprint_begins_with_the_bit_that_pdq_gives_first():
    bits, _ = pdqhash.compute(textured(256, 256))
    digits = f"{int(''.join(map(str, bits)), 2):064x}"
    assert fingerprint(textured(256, 256)).digits == digits


def test_the_fingerprint_is_close_to_that_of_all_pixels():
    bits, _ = pdqhash.compute(PHOTO)
    assert distance(fingerprint(PHOTO).digits, np.packbits(bits).tobytes().hex()) <= 31


@pytest.mark.parametrize("encoding", [Encoding("jpeg", 50), Encoding("webp", 60)])
def test_the_fingerprint_survives_compression(encoding):
    again = fingerprint(decoded(encode(PHOTO, encoding)))
    assert distance(fingerprint(PHOTO).digits, again.digits) <= 10


def test_other_pictures_have_other_fingerprints():
    other = fingerprint(textured(seed=7))
    assert distance(fingerprint(PHOTO).digits, other.digits) > 60


@pytest.mark.parametrize("picture", [textured(1, 1), flat((0, 0, 0), 9, 3)], ids=["pixel", "flat"])
def test_the_smallest_picture_has_a_fingerprint_of_no_quality(picture):
    assert fingerprint(picture).quality < 50


@pytest.mark.parametrize("form", FORMATS)
def test_the_file_is_of_the_format_asked_for(form):
    with Image.open(BytesIO(encode(PHOTO, Encoding(form)))) as image:
        assert (image.format, image.size) == (form.upper(), (1344, 768))


@pytest.mark.parametrize("form", FORMATS)
def test_quality_95_keeps_the_picture(form):
    assert psnr(PHOTO, decoded(encode(PHOTO, Encoding(form, 95)))) > 35


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif"])
def test_a_lower_quality_makes_a_smaller_file(form):
    assert len(encode(PHOTO, Encoding(form, 30))) < len(encode(PHOTO, Encoding(form, 90))) / 2


@pytest.mark.parametrize("encoding", [Encoding("png"), Encoding("webp", 1, lossless=True)])
def test_lossless_keeps_every_pixel(encoding):
    assert np.array_equal(decoded(encode(PHOTO, encoding)), PHOTO)


def test_lossless_avif_is_within_the_rounding_of_its_colour_space():
    delivered = decoded(encode(PHOTO, Encoding("avif", lossless=True)))
    assert np.abs(delivered.astype(int) - PHOTO).max() <= 3


@pytest.mark.parametrize("form", FORMATS)
def test_files_say_nothing_about_how_they_were_made(form):
    with Image.open(BytesIO(encode(PHOTO, Encoding(form)))) as image:
        assert not image.getexif()
        assert not {"exif", "xmp", "comment", "prompt", "workflow"} & image.info.keys()


@pytest.mark.parametrize(
    ("size", "small"),
    [((1344, 768), (384, 219)), ((768, 1344), (219, 384)), ((100, 50), (100, 50))],
)
def test_a_thumbnail_has_a_long_side_of_384(size, small):
    assert thumbnail(textured(*size)).shape == (small[1], small[0], 3)


@pytest.mark.parametrize("wrong", [{"format": "gif"}, {"quality": 0}, {"quality": 101}])
def test_what_cannot_be_encoded_is_refused_at_once(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Encoding(**wrong)


@pytest.mark.parametrize("form", FORMATS)
def test_the_delivered_picture_and_thumbnail_carry_the_mark(form):
    finished = finish(PHOTO, Order(PAYLOAD, Encoding(form)))
    assert decode(decoded(finished.picture)).payload == PAYLOAD
    assert decode(decoded(finished.thumbnail)).payload == PAYLOAD


def test_facts_are_of_the_delivered_pixels():
    finished = finish(PHOTO, Order(PAYLOAD, Encoding("png")))
    digits, quality = fingerprint(decoded(finished.picture))
    assert asdict(finished.facts) == {
        "width": 1344,
        "height": 768,
        "format": "png",
        "fingerprint": digits,
        "fingerprint_quality": quality,
    }


def test_the_invisible_mark_lies_over_the_visible_one():
    mark = base64_of(file_of(Image.new("RGB", (100, 60), (90, 120, 60))))
    placement = Placement("center", scale=60)
    finished = finish(PHOTO, Order(PAYLOAD, Encoding("png"), mark, placement))
    middle = decoded(finished.picture)[344:424, 632:712]
    assert np.abs(middle.astype(int) - (90, 120, 60)).max() in range(1, 12)


def test_without_a_brand_only_the_invisible_mark_changes_the_picture():
    finished = finish(PHOTO, Order(PAYLOAD, Encoding("png")))
    assert np.array_equal(decoded(finished.picture), embed(PHOTO, PAYLOAD))


def test_a_mark_that_is_no_picture_stops_the_chain():
    with pytest.raises(BadMark):
        finish(PHOTO, Order(PAYLOAD, mark="AAAA"))
