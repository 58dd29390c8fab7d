"""A chain of our own is made once and renewed in time; the operator's files are checked."""

import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from credentials_samples import (
    Authority,
    Identity,
    claims,
    make_authority,
    make_identity,
    picture,
    write_certificates,
    write_key,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from orchestrator.credentials import (
    C2paSigner,
    CredentialReader,
    development,
    development_chain,
    operator_chain,
)
from orchestrator.credentials.chain import C2PA_CLAIM_SIGNING, DOCUMENT_SIGNING
from orchestrator.errors import ConfigurationError
from orchestrator.models import Format

START = """
import sys
from pathlib import Path
from orchestrator.credentials import development_chain
sys.stdin.readline()
print(development_chain(Path(sys.argv[1])).certificates)
"""


def test_processes_that_start_together_get_one_chain(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, tmp_path / "credentials"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    chains = {process.communicate()[0] for process in processes}
    assert len(chains) == 1
    assert "BEGIN CERTIFICATE" in chains.pop()


def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    assert development_chain(tmp_path) == development_chain(tmp_path)


def test_it_says_that_it_is_for_development(tmp_path: Path) -> None:
    chain = development_chain(tmp_path)
    assert chain.development
    subjects = [
        c.subject.rfc4514_string()
        for c in x509.load_pem_x509_certificates(chain.certificates.encode())
    ]
    assert all("not for production" in subject for subject in subjects)


def test_its_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    development_chain(folder)
    assert stat.S_IMODE((folder / "development.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_it_is_renewed_before_it_expires_and_earlier_pictures_stay_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(development, "LEAF_LIFE", timedelta(days=29))
    signer = C2paSigner(lambda: development_chain(tmp_path))
    earlier, first = await sign(signer), signer.chain
    monkeypatch.undo()
    later = await sign(signer)
    assert signer.chain != first
    assert signer.chain.expires > datetime.now(UTC) + timedelta(days=360)
    reader = CredentialReader(signer.chain)
    assert [reader.read(signed).state for signed in (earlier, later)] == ["Trusted", "Trusted"]


def test_a_damaged_file_is_named_and_kept(tmp_path: Path) -> None:
    development_chain(tmp_path)
    file = tmp_path / "development.pem"
    file.write_text(file.read_text()[:-300])
    with pytest.raises(ConfigurationError, match=str(file)):
        development_chain(tmp_path)
    assert file.exists()


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=str(tmp_path / "file")):
        development_chain(tmp_path / "file")


@pytest.fixture(scope="module")
def root() -> Authority:
    return make_authority()


async def sign(signer: C2paSigner) -> bytes:
    return await signer.sign(picture(Format.JPEG), Format.JPEG, claims())


def files(folder: Path, identity: Identity, *above: x509.Certificate) -> tuple[Path, Path]:
    return (
        write_certificates(folder / "signer.pem", identity.certificate, *above),
        write_key(folder / "signer.key", identity.key),
    )


@pytest.mark.parametrize(
    "usage",
    [ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING, C2PA_CLAIM_SIGNING],
    ids=["emailProtection", "documentSigning", "claimSigning"],
)
async def test_a_good_certificate_signs_in_its_own_name(
    tmp_path: Path, root: Authority, usage: x509.ObjectIdentifier
) -> None:
    certificate, key = files(tmp_path, make_identity(root, usage=usage), root.certificate)
    signer = C2paSigner(lambda: operator_chain(certificate, key))
    assert not signer.chain.development
    read = CredentialReader(signer.chain).read(await sign(signer))
    assert (read.state, read.signer, read.ours) == ("Trusted", "Example Pictures", True)


async def test_intermediates_may_stand_between(tmp_path: Path, root: Authority) -> None:
    between = make_authority(root, common_name="Intermediate")
    certificate, key = files(tmp_path, make_identity(between), between.certificate)
    anchors = write_certificates(tmp_path / "anchors.pem", root.certificate)
    signer = C2paSigner(lambda: operator_chain(certificate, key, anchors=anchors))
    assert CredentialReader(signer.chain).read(await sign(signer)).state == "Trusted"


async def test_replaced_files_are_used_once_the_certificate_is_due(
    tmp_path: Path, root: Authority
) -> None:
    certificate, key = files(tmp_path, make_identity(root, valid=(-300, 10)), root.certificate)
    signer = C2paSigner(lambda: operator_chain(certificate, key))
    first = signer.chain
    await sign(signer)
    assert signer.chain == first
    files(tmp_path, make_identity(root), root.certificate)
    await sign(signer)
    assert signer.chain != first


def _unrelated(folder: Path, root: Authority) -> tuple[Path, Path]:
    certificate, _ = files(folder, make_identity(root), root.certificate)
    return certificate, write_key(folder / "other.key", ec.generate_private_key(ec.SECP256R1()))


def _encrypted(folder: Path, root: Authority) -> tuple[Path, Path]:
    identity = make_identity(root)
    certificate, key = files(folder, identity, root.certificate)
    return certificate, write_key(key, identity.key, password=b"secret")


def _missing(folder: Path, root: Authority) -> tuple[Path, Path]:
    certificate, key = files(folder, make_identity(root), root.certificate)
    key.unlink()
    return certificate, key


def _no_certificate(folder: Path, root: Authority) -> tuple[Path, Path]:
    certificate, key = files(folder, make_identity(root), root.certificate)
    certificate.write_text("no certificate")
    return certificate, key


def _no_key(folder: Path, root: Authority) -> tuple[Path, Path]:
    certificate, key = files(folder, make_identity(root), root.certificate)
    key.write_bytes(b"no key")
    return certificate, key


def _wrong_order(folder: Path, root: Authority) -> tuple[Path, Path]:
    identity = make_identity(root)
    certificate = write_certificates(folder / "signer.pem", root.certificate, identity.certificate)
    return certificate, write_key(folder / "signer.key", identity.key)


def _wrong_issuer(folder: Path, root: Authority) -> tuple[Path, Path]:
    return files(folder, make_identity(root), make_authority().certificate)


def _alone(folder: Path, root: Authority) -> tuple[Path, Path]:
    return files(folder, make_identity(root))


def _with(**wrong: Any) -> Callable[[Path, Authority], tuple[Path, Path]]:
    return lambda folder, root: files(folder, make_identity(root, **wrong), root.certificate)


BAD_FILES = {
    "unrelated key": (_unrelated, "other.key: is not the key of the certificate in .*signer.pem"),
    "encrypted key": (_encrypted, "signer.key: the private key is encrypted"),
    "missing key": (_missing, "signer.key: can't be read: No such file"),
    "no certificate": (_no_certificate, "signer.pem: holds no certificate"),
    "no key": (_no_key, "signer.key: holds no private key"),
    "wrong order": (_wrong_order, "signer.pem: .* authority's; put the signing certificate first"),
    "wrong issuer": (_wrong_issuer, "signer.pem: certificate 1 was not issued by the next one"),
    "certificate alone": (_alone, "signer.pem: holds the signing certificate only"),
    "expired": (_with(valid=(-20, -10)), "signer.pem: .* has expired on 20"),
    "not yet valid": (_with(valid=(10, 20)), "signer.pem: .* is valid only from 20"),
    "code signing": (_with(usage=ExtendedKeyUsageOID.CODE_SIGNING), "signer.pem: .* extended key"),
    "no extended usage": (_with(usage=None), "signer.pem: .* lacks the extended key usage"),
    "may not sign": (_with(sign=False), "signer.pem: .* lacks the key usage digitalSignature"),
    "nameless": (_with(organization=""), "signer.pem: .* has no organization"),
    "P-384": (
        _with(key=ec.generate_private_key(ec.SECP384R1())),
        "signer.key: the private key is not on curve P-256",
    ),
    "RSA": (
        _with(key=rsa.generate_private_key(65537, 2048)),
        "signer.key: the private key is not on curve P-256",
    ),
}


@pytest.mark.parametrize("make", [b[0] for b in BAD_FILES.values()], ids=BAD_FILES.keys())
def test_bad_files_are_named_with_their_fault(
    tmp_path: Path, root: Authority, make: Any, request: pytest.FixtureRequest
) -> None:
    certificate, key = make(tmp_path, root)
    fault = BAD_FILES[request.node.callspec.id][1]
    with pytest.raises(ConfigurationError, match=fault):
        operator_chain(certificate, key)
