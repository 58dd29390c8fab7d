"""Known pictures: dropped lists of hashes."""

import os

import numpy as np
import pytest
from compliance_samples import PICTURE, House, encoded, picture, review
from PIL import Image

from comfy_nodes.marks.fingerprint import fingerprint
from orchestrator.errors import ReviewFailed

HASH = fingerprint(np.asarray(picture())).digits


def near(digits: str, bits: int) -> str:
    """A hash at that distance."""
    mask = (1 << bits) - 1
    return f"{int(digits, 16) ^ mask:064x}"


@pytest.mark.parametrize(("bits", "safe"), [(0, False), (31, False), (32, True)])
async def test_a_known_picture_is_found_within_31_bits(house: House, bits: int, safe: bool) -> None:
    (house.hashes / "list.txt").write_text(f"# a list\n\n{near(HASH, bits)}\n")
    assert (await review(house.reviewers(), PICTURE, procedural=True)).safe is safe


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF"])
async def test_a_known_picture_is_found_in_every_format(house: House, form: str) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    verdict = await review(house.reviewers(), encoded(picture(), form), procedural=True)
    assert verdict.categories == ("Known picture",)


@pytest.mark.parametrize("turn", list(Image.Transpose), ids=lambda turn: turn.name)
async def test_a_known_picture_is_found_turned_or_mirrored(
    house: House, turn: Image.Transpose
) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    turned = encoded(picture().transpose(turn))
    assert not (await review(house.reviewers(), turned, procedural=True)).safe


async def test_other_pictures_are_not_known(house: House) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    assert (await review(house.reviewers(), encoded(picture(2)), procedural=True)).safe


async def test_plain_pictures_match_nothing(house: House) -> None:
    plain = Image.new("RGB", (640, 360), "white")
    (house.hashes / "list.txt").write_text(fingerprint(np.asarray(plain)).digits)
    assert (await review(house.reviewers(), encoded(plain), procedural=True)).safe


async def test_a_hash_of_the_floor_is_the_floor(house: House) -> None:
    (house.hashes / "list.txt").write_text(f"{HASH.upper()}, minors")
    assert (await review(house.reviewers(), PICTURE, procedural=True)).floor


async def test_a_dropped_list_is_used_at_once(house: House) -> None:
    reviewers = house.reviewers()
    before = await review(reviewers, PICTURE, procedural=True)
    (house.hashes / "list.txt").write_text(HASH)
    after = await review(reviewers, PICTURE, procedural=True)
    assert (before.safe, after.safe) == (True, False)
    assert before.reviewers != after.reviewers


async def test_a_list_is_read_again_although_its_size_and_age_are_the_same(
    house: House,
) -> None:
    file = house.hashes / "list.txt"
    file.write_text(near(HASH, 100))
    os.utime(file, (0, 0))
    reviewers = house.reviewers()
    file.write_text(HASH)
    os.utime(file, (0, 0))
    assert not (await review(reviewers, PICTURE, procedural=True)).safe


async def test_faulty_lines_are_reported_and_the_others_used(house: House) -> None:
    (house.hashes / "list.txt").write_text(f"no hash\n{HASH} known\n")
    reviewers = house.reviewers()
    assert reviewers.faults() == ("list.txt: line 1: is not a hash of 64 hex digits and a label",)
    assert not (await review(reviewers, PICTURE, procedural=True)).safe


async def test_a_picture_that_can_not_be_read_is_not_safe(house: House) -> None:
    (house.hashes / "list.txt").write_text(HASH)
    with pytest.raises(ReviewFailed):
        await review(house.reviewers(), b"no picture", procedural=True)


async def test_a_missing_folder_of_lists_is_an_empty_one(house: House) -> None:
    house.hashes.rmdir()
    assert (await review(house.reviewers(), PICTURE, procedural=True)).safe
