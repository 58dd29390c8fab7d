"""The real thing: finished by the node pack's mathematics, signed, then inspected."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from verify_samples import KEY, WATERMARK_ID, photo

from comfy_nodes.marks.encode import Encoding
from comfy_nodes.marks.finish import Finished, Order, finish
from orchestrator.credentials import C2paSigner, CredentialReader, development_chain
from orchestrator.models import Claims, Format
from orchestrator.verify import KeyedMarks, Report, inspect

MARKS = KeyedMarks(KEY)


def finished(form: Format) -> Finished:
    order = Order(payload=MARKS.payload(WATERMARK_ID), encoding=Encoding(format=form.value))
    return finish(photo(1344, 768), order)


def claims_of(picture: Finished) -> Claims:
    return Claims(
        job=uuid4(),
        gen_id="abcdefghij0123456789",
        made=datetime.now(UTC),
        model="Example Model",
        template_digest="7e" * 32,
        fingerprint=picture.facts.fingerprint,
        watermark_id=WATERMARK_ID,
    )


async def look(picture: bytes, signer: C2paSigner) -> Report:
    reader = CredentialReader(signer.chain)
    return await inspect(picture, read_credentials=reader.read, marks=MARKS)


@pytest.fixture
def signer(tmp_path: Path) -> C2paSigner:
    return C2paSigner(lambda: development_chain(tmp_path))


@pytest.mark.parametrize("form", list(Format))
async def test_every_layer_of_a_finished_picture_agrees(form: Format, signer: C2paSigner) -> None:
    made = finished(form)
    report = await look(await signer.sign(made.picture, form, claims_of(made)), signer)
    assert report.credentials.claims["watermark_id"] == report.watermark_id == WATERMARK_ID
    assert report.credentials.ours
    signed, seen = (int(digits, 16) for digits in (made.facts.fingerprint, report.fingerprint))
    assert (signed ^ seen).bit_count() <= 31  # the distance at which PDQ matches


async def test_a_picture_without_its_credentials_is_known_by_its_watermark(
    signer: C2paSigner,
) -> None:
    report = await look(finished(Format.JPEG).picture, signer)
    assert (report.credentials.present, report.watermark_id) == (False, WATERMARK_ID)


async def test_a_thumbnail_is_known_by_its_credentials(signer: C2paSigner) -> None:
    made = finished(Format.JPEG)
    signed = await signer.sign(made.picture, Format.JPEG, claims_of(made))
    thumbnail = await signer.sign(made.thumbnail, Format.JPEG, claims_of(made), parent=signed)
    report = await look(thumbnail, signer)
    assert report.credentials.ours
