"""Whatever the bytes are, reading answers, and believes nothing that was changed."""

import io
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import c2pa
import pytest
from credentials_samples import claims, picture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.credentials import C2paSigner, Chain, CredentialReader, development_chain
from orchestrator.credentials.sdk import make_context
from orchestrator.errors import ConfigurationError
from orchestrator.models import Credentials, Format

ABSENT = Credentials(present=False)

every_format = pytest.mark.parametrize("form", list(Format))


async def sign(signer: C2paSigner, form: Format = Format.JPEG) -> bytes:
    return await signer.sign(picture(form), form, claims())


@every_format
def test_an_unsigned_picture_has_none(reader: CredentialReader, form: Format) -> None:
    assert reader.read(picture(form)) == ABSENT


@pytest.mark.parametrize(
    "data",
    [b"", b"text" * 100, b"\x89PNG\r\n\x1a\n" + b"0" * 100, b"%PDF-1.4" + b"0" * 300],
    ids=["empty", "text", "png head", "pdf head"],
)
def test_what_is_no_picture_has_none(reader: CredentialReader, data: bytes) -> None:
    assert reader.read(data) == ABSENT


@every_format
async def test_a_changed_byte_of_the_picture_makes_it_invalid(
    signer: C2paSigner, reader: CredentialReader, form: Format
) -> None:
    signed = bytearray(await sign(signer, form))
    signed[signed.index(picture(form)[-40:-20])] ^= 1
    read = reader.read(bytes(signed))
    assert (read.present, read.state, read.ours) == (True, "Invalid", False)
    assert any(code.endswith("Hash.mismatch") for code in read.failures)


async def test_a_changed_word_of_the_claims_makes_it_invalid(
    signer: C2paSigner, reader: CredentialReader
) -> None:
    signed = await sign(signer)
    assert b"Example Model" in signed
    read = reader.read(signed.replace(b"Example Model", b"Another Model"))
    assert (read.state, read.ours) == ("Invalid", False)


async def test_damaged_credentials_are_present_and_invalid(
    signer: C2paSigner, reader: CredentialReader
) -> None:
    signed = await sign(signer)
    start = signed.index(b"c2pa.claim")
    read = reader.read(signed[:start] + b"\xff" * 40 + signed[start + 40 :])
    assert (read.present, read.state) == (True, "Invalid")
    assert read.failures


async def test_somebody_else_s_signature_is_valid_but_not_ours(
    reader: CredentialReader, tmp_path: Path
) -> None:
    stranger = C2paSigner(lambda: development_chain(tmp_path))
    read = reader.read(await sign(stranger))
    assert (read.state, read.ours) == ("Valid", False)
    assert read.failures == ("signingCredential.untrusted",)


async def test_further_anchors_are_trusted(signer: C2paSigner, tmp_path: Path) -> None:
    stranger = C2paSigner(lambda: development_chain(tmp_path))
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(stranger.chain.anchors)
    reader = CredentialReader(signer.chain, anchors=anchors)
    assert reader.read(await sign(stranger)).state == "Trusted"
    assert reader.read(await sign(signer)).state == "Trusted"


async def test_a_trusted_stranger_is_not_ours(signer: C2paSigner, tmp_path: Path) -> None:
    own = signer.chain
    theirs = Chain(own.certificates, own.key, own.anchors, "Somebody else", own.expires, False)
    read = CredentialReader(theirs).read(await sign(signer))
    assert (read.state, read.ours) == ("Trusted", False)


def test_anchors_that_are_no_certificates_are_named(signer: C2paSigner, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.pem"
    anchors.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=str(anchors)):
        CredentialReader(signer.chain, anchors=anchors)


def test_nothing_is_fetched_for_an_untrusted_picture(signer: C2paSigner) -> None:
    requests: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Recorder) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/manifest.c2pa"
        read = CredentialReader(signer.chain).read(_with_remote_manifest(signer, url))
        server.shutdown()
    assert requests == []
    assert read.failures == ("kept elsewhere and not fetched",)


def _with_remote_manifest(signer: C2paSigner, url: str) -> bytes:
    chain = signer.chain
    info = c2pa.C2paSignerInfo(
        alg=c2pa.C2paSigningAlg.ES256,
        sign_cert=chain.certificates.encode(),
        private_key=chain.key.encode(),
        ta_url=None,
    )
    when = datetime.now(UTC).isoformat()
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
        "when": when,
    }
    manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}]}
    out = io.BytesIO()
    with c2pa.Builder(manifest, make_context(chain.anchors)) as builder:
        builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign(
            c2pa.Signer.from_info(info), "image/jpeg", io.BytesIO(picture(Format.JPEG)), out
        )
    return out.getvalue()


@given(data=st.data())
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_reading_survives_any_damage(
    signed_pictures: list[bytes], reader: CredentialReader, data: st.DataObject
) -> None:
    damaged = bytearray(data.draw(st.sampled_from(signed_pictures)))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    read = reader.read(bytes(damaged[:end]))
    assert read.state in ("", "Trusted", "Valid", "Invalid")


@pytest.fixture
async def signed_pictures(signer: C2paSigner) -> list[bytes]:
    return [await sign(signer, form) for form in Format]
