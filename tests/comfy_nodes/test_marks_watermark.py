"""The invisible mark: what it costs the picture, and what it survives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import PAYLOAD, decoded, flat, psnr, saturated, textured

from comfy_nodes.marks.encode import Encoding, encode
from comfy_nodes.marks.watermark import decode, embed

PHOTOS = {"textured": textured(), "saturated": saturated(), "portrait": textured(768, 1344)}
DELIVERED = [Encoding("jpeg", 95), Encoding("png"), Encoding("webp", 90), Encoding("avif", 75)]


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_mark_cannot_be_seen(photo):
    assert psnr(PHOTOS[photo], embed(PHOTOS[photo], PAYLOAD)) >= 42


@pytest.mark.parametrize("photo", ["textured", "portrait"])
def test_the_mark_shifts_no_colour(photo):
    before, after = PHOTOS[photo], embed(PHOTOS[photo], PAYLOAD)
    assert np.abs(after.mean((0, 1)) - before.mean((0, 1))).max() < 0.1  # levels


def test_red_is_never_touched():
    photo = textured()
    assert np.array_equal(embed(photo, PAYLOAD)[..., 0], photo[..., 0])


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("encoding", DELIVERED, ids=lambda e: e.format)
def test_the_mark_survives_delivery(photo, encoding):
    delivered = decoded(encode(embed(PHOTOS[photo], PAYLOAD), encoding))
    assert decode(delivered).payload == PAYLOAD


@pytest.mark.parametrize("colour", ["white", "black", "cream", "red", "yellow", "grey"])
def test_a_plain_wall_carries_the_mark_without_loss(colour):
    colours = {
        "white": (255, 255, 255),
        "black": (0, 0, 0),
        "cream": (250, 245, 230),
        "red": (255, 0, 0),
        "yellow": (255, 255, 0),
        "grey": (128, 128, 128),
    }
    assert decode(embed(flat(colours[colour]), PAYLOAD)).payload == PAYLOAD


@given(payload=st.binary(min_size=12, max_size=12).map(bytes.hex))
@settings(max_examples=30, deadline=None)
def test_every_payload_comes_back(payload):
    assert decode(embed(textured(320, 256), payload)).payload == payload


@given(width=st.integers(64, 300), height=st.integers(120, 300))
@settings(max_examples=30, deadline=None)
def test_every_size_with_enough_blocks_carries_the_mark(width, height):
    assert decode(embed(textured(width, height), PAYLOAD)).payload == PAYLOAD


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (500, 7)])
def test_a_picture_without_a_whole_block_is_left_alone(size):
    tiny = textured(*size)
    assert np.array_equal(embed(tiny, PAYLOAD), tiny)
    assert not decode(tiny).votes.any()


def test_the_picture_given_is_not_changed():
    photo = textured(64, 64)
    before = photo.copy()
    embed(photo, PAYLOAD)
    assert np.array_equal(photo, before)


@pytest.mark.parametrize("photo", PHOTOS)
def test_an_unmarked_picture_reads_as_noise(photo):
    assert np.abs(decode(PHOTOS[photo]).votes).mean() < 0.2


def test_a_clean_mark_votes_with_one_voice():
    assert np.abs(decode(embed(textured(), PAYLOAD)).votes).min() > 0.9


@pytest.mark.parametrize("payload", ["", "00", PAYLOAD + "00", "zz" * 12])
def test_a_payload_of_another_length_is_refused(payload):
    with pytest.raises(ValueError):
        embed(textured(64, 64), payload)
