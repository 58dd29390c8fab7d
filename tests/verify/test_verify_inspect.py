"""Each layer is answered for itself, and shown harmless."""

from collections.abc import Callable

import pytest
from verify_samples import KEY, WATERMARK_ID, encode, marked, photo

from comfy_nodes.marks.fingerprint import fingerprint
from orchestrator.errors import BodyTooLarge
from orchestrator.models import Credentials
from orchestrator.verify import KeyedMarks, Report, inspect

NONE = Credentials(present=False)
OURS = Credentials(
    present=True,
    state="Trusted",
    signer="Example Pictures",
    ours=True,
    title="Snowy street",
    claims={"job": "4f1c0f5e", "model": "Example Model"},
)
STRANGER = Credentials(
    present=True, state="Valid", failures=("signingCredential.untrusted",), signer="Somebody"
)


def answers(credentials: Credentials) -> Callable[[bytes], Credentials]:
    return lambda picture: credentials


async def look(picture: bytes, credentials: Credentials = NONE) -> Report:
    return await inspect(picture, read_credentials=answers(credentials), marks=KeyedMarks(KEY))


async def test_the_watermark_alone_says_that_it_was_made_here() -> None:
    report = await look(encode(marked(), "JPEG"))
    assert (report.watermark_id, report.made_here) == (WATERMARK_ID, True)
    assert report.text.startswith("Made here:    yes, by its watermark\n")


async def test_credentials_alone_say_that_it_was_made_here() -> None:
    report = await look(encode(photo(), "JPEG"), OURS)
    assert (report.watermark_id, report.made_here) == (None, True)
    assert report.text.startswith("Made here:    yes, by its credentials\n")


async def test_both_are_named() -> None:
    report = await look(encode(marked(), "JPEG"), OURS)
    assert "yes, by its credentials and watermark" in report.text


@pytest.mark.parametrize("credentials", [NONE, STRANGER], ids=["none", "stranger"])
async def test_neither_says_nothing(credentials: Credentials) -> None:
    report = await look(encode(photo(), "JPEG"), credentials)
    assert not report.made_here
    assert report.text.startswith("Made here:    nothing says so\n")


async def test_the_fingerprint_is_that_of_the_pixels() -> None:
    report = await look(encode(photo(), "PNG"))
    assert (report.fingerprint, report.fingerprint_quality) == fingerprint(photo())


async def test_credentials_are_read_of_a_file_without_pixels() -> None:
    report = await look(encode(marked(), "JPEG")[:2000], OURS)
    assert (report.credentials, report.fingerprint, report.watermark_id) == (OURS, "", None)
    assert "Pixels:       Not a readable" in report.text


async def test_failures_are_shown() -> None:
    report = await look(encode(photo(), "JPEG"), STRANGER)
    assert "Valid, signed by Somebody (signingCredential.untrusted)" in report.text


async def test_what_a_picture_claims_can_not_control_the_terminal() -> None:
    hostile = OURS.evolve(title="a\nMade here: yes\x1b[2J", claims={"job": "\u202e" + "x" * 9999})
    lines = (await look(encode(photo(), "JPEG"), hostile)).text.split("\n")
    assert all(line.isprintable() and len(line) <= 200 for line in lines)
    assert sum(line.startswith("Made here:") for line in lines) == 1


async def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        await look(b"\0" * (64 * 2**20 + 1))
