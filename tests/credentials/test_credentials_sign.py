"""What is signed is trusted, says what was claimed and no more."""

import asyncio
import io
import logging
from typing import Any

import c2pa
import pytest
from credentials_samples import CREDITS, claims, picture
from PIL import Image

from orchestrator.credentials import C2paSigner, CredentialReader
from orchestrator.credentials.sdk import make_context
from orchestrator.errors import SigningFailed
from orchestrator.models import Credits, Format

every_format = pytest.mark.parametrize("form", list(Format))


def manifest_of(signer: C2paSigner, signed: bytes) -> dict[str, Any]:
    context = make_context(signer.chain.anchors)
    with c2pa.Reader(None, io.BytesIO(signed), context=context) as opened:
        return opened.get_active_manifest()


def actions_of(signer: C2paSigner, signed: bytes) -> list[str]:
    assertions = {a["label"]: a["data"] for a in manifest_of(signer, signed)["assertions"]}
    return [action["action"] for action in assertions["c2pa.actions.v2"]["actions"]]


async def sign(signer: C2paSigner, **changes: Any) -> bytes:
    return await signer.sign(picture(Format.JPEG), Format.JPEG, claims(**changes))


@every_format
async def test_every_format_comes_back_trusted_with_its_credits(
    signer: C2paSigner, reader: CredentialReader, form: Format
) -> None:
    signed = await signer.sign(picture(form), form, claims(credits=CREDITS))
    read = reader.read(signed)
    assert (read.state, read.failures, read.ours) == ("Trusted", (), True)
    assert read.title == CREDITS.title
    assert {name: read.claims[name] for name in ("author", "description", "organization")} == {
        "author": CREDITS.author,
        "description": CREDITS.description,
        "organization": CREDITS.organization,
    }
    assert read.claims["vendor"] == CREDITS.vendor


async def test_the_claims_are_read_back(signer: C2paSigner, reader: CredentialReader) -> None:
    made = claims(watermark_id="0123456789abcdef")
    signed = await signer.sign(picture(Format.JPEG), Format.JPEG, made)
    read = reader.read(signed)
    assert read.title == made.gen_id
    assert read.claims["generator"].startswith("Imgen ")
    del read.claims["generator"]  # type: ignore[attr-defined]  # its version changes
    assert read.claims == {
        "action": "c2pa.created",
        "source": "trainedAlgorithmicMedia",
        "made": "2026-03-04T05:06:07Z",
        "model": made.model,
        "job": str(made.job),
        "gen_id": made.gen_id,
        "template": made.template_digest,
        "pdq": made.fingerprint,
        "watermark_id": made.watermark_id,
    }


@every_format
async def test_the_pixels_are_not_touched(signer: C2paSigner, form: Format) -> None:
    unsigned = picture(form)
    signed = await signer.sign(unsigned, form, claims())
    before, after = (Image.open(io.BytesIO(data)).convert("RGB") for data in (unsigned, signed))
    assert before.tobytes() == after.tobytes()


@every_format
async def test_credentials_cost_few_bytes(signer: C2paSigner, form: Format) -> None:
    unsigned = picture(form)
    signed = await signer.sign(unsigned, form, claims(branded=True, credits=CREDITS))
    assert len(signed) - len(unsigned) < 8000


async def test_a_mark_that_is_not_there_is_not_claimed(signer: C2paSigner) -> None:
    assert actions_of(signer, await sign(signer)) == ["c2pa.created"]


async def test_a_mark_that_is_there_is_claimed(signer: C2paSigner) -> None:
    signed = await sign(signer, watermark_id="0123456789abcdef")
    assert actions_of(signer, signed) == ["c2pa.created", "c2pa.watermarked.unbound"]


async def test_a_brand_is_placed_and_named_by_its_digest(signer: C2paSigner) -> None:
    signed = await sign(signer, branded=True, brand_sha256="ab" * 32)
    assert actions_of(signer, signed) == ["c2pa.created", "c2pa.placed"]
    (brand,) = manifest_of(signer, signed)["ingredients"]
    assert brand["relationship"] == "componentOf"
    assert brand["instance_id"] == "urn:sha256:" + "ab" * 32


async def test_the_signer_vouches_for_its_own_words_only(signer: C2paSigner) -> None:
    manifest = manifest_of(signer, await sign(signer, credits=CREDITS))
    vouched = {a["label"] for a in manifest["assertions"] if a.get("created")}
    assert vouched == {"c2pa.actions.v2", "org.imgen.generation"}


async def test_training_on_the_picture_is_not_allowed(signer: C2paSigner) -> None:
    assertions = manifest_of(signer, await sign(signer))["assertions"]
    (entries,) = (a["data"]["entries"] for a in assertions if a["label"] == "cawg.training-mining")
    assert {entry["use"] for entry in entries.values()} == {"notAllowed"}


@every_format
async def test_a_thumbnail_is_signed_with_its_picture_as_parent(
    signer: C2paSigner, reader: CredentialReader, form: Format
) -> None:
    made = claims(watermark_id="0123456789abcdef", branded=True, brand_sha256="ab" * 32)
    signed = await signer.sign(picture(form), form, made)
    small = picture(form, width=96, height=72)
    thumbnail = await signer.sign(small, form, made, parent=signed)
    read = reader.read(thumbnail)
    assert (read.state, read.failures) == ("Trusted", ())
    assert read.claims["job"] == str(made.job)
    (parent,) = manifest_of(signer, thumbnail)["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert parent["active_manifest"] == manifest_of(signer, signed)["label"]
    assert actions_of(signer, thumbnail) == ["c2pa.opened", "c2pa.resized"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("é 雪 🎨", "é 雪 🎨"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("two\nlines\t here", "two lines here"),
        ('"}], {{ 7*7 }} \\', '"}], {{ 7*7 }} \\'),
        ("half \ud83c", "half "),
        ("x" * 5000, "x" * 256),
    ],
    ids=["unicode", "control", "lines", "quotes", "surrogate", "long"],
)
async def test_any_text_of_a_caller_can_be_signed(
    signer: C2paSigner, reader: CredentialReader, text: str, kept: str
) -> None:
    signed = await sign(signer, credits=Credits(author=text, title=text))
    read = reader.read(signed)
    assert (read.state, read.title, read.claims["author"]) == ("Trusted", kept, kept)


@pytest.mark.parametrize("data", [b"", b"no picture", picture(Format.PNG)], ids=len)
async def test_what_is_no_such_picture_can_not_be_signed(signer: C2paSigner, data: bytes) -> None:
    with pytest.raises(SigningFailed):
        await signer.sign(data, Format.JPEG, claims())


async def test_a_failure_shows_no_key(signer: C2paSigner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SigningFailed) as failure:
        await signer.sign(b"no picture", Format.JPEG, claims())
    secret = signer.chain.key.splitlines()[1]
    assert secret not in f"{failure.value!r} {caplog.text} {signer.chain!r}"


async def test_many_are_signed_at_once(signer: C2paSigner, reader: CredentialReader) -> None:
    jobs = (
        signer.sign(picture(form), form, claims(gen_id=f"{n:020}"))
        for n, form in enumerate(list(Format) * 8)
    )
    read = [reader.read(signed) for signed in await asyncio.gather(*jobs)]
    assert [(r.state, r.title) for r in read] == [("Trusted", f"{n:020}") for n in range(32)]
