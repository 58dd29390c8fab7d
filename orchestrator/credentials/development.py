"""A chain of our own for a start without certificates: good for trying out, trusted by nobody.

Root, signing certificate and both keys lie in one file, so that they always belong together. The
root stays when the signing certificate is renewed: pictures signed before remain trusted here.
"""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from orchestrator import durable_files
from orchestrator.credentials.chain import (
    C2PA_CLAIM_SIGNING,
    RENEWAL,
    Chain,
    key_to_pem,
    make_chain,
    to_pem,
)
from orchestrator.errors import ConfigurationError

FILE = "development.pem"
ORGANIZATION = "Imgen development"
ROOT_LIFE = timedelta(days=20 * 365)
LEAF_LIFE = timedelta(days=365)
CLOCK_SKEW = timedelta(hours=1)
PRIVATE_KEY = re.compile(rb"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----", re.DOTALL)


class Identity(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Pair(NamedTuple):
    leaf: Identity
    root: Identity


def development_chain(folder: Path) -> Chain:
    """This installation's chain, made or renewed if need be. Processes that start together get
    the same. Raises ConfigurationError."""
    file = folder / FILE
    try:
        with _alone(folder):
            kept = _read(file) if file.exists() else None
            pair = _fresh(kept)
            if pair != kept:
                _write(file, pair)
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be made or read: {error.strerror}") from None
    certificates = (pair.leaf.certificate, pair.root.certificate)
    return make_chain(
        certificates, pair.leaf.key, anchors=[pair.root.certificate], development=True
    )


def _fresh(kept: Pair | None) -> Pair:
    """The pair that is kept, with whatever ends too soon made anew."""
    now = datetime.now(UTC)
    if kept and kept.leaf.certificate.not_valid_after_utc - RENEWAL > now:
        return kept
    if kept and kept.root.certificate.not_valid_after_utc > now + LEAF_LIFE:
        return Pair(_make_leaf(kept.root), kept.root)
    root = _make_root()
    return Pair(_make_leaf(root), root)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process, however that ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> Pair:
    text = file.read_bytes()
    try:
        leaf, root = x509.load_pem_x509_certificates(text)
        leaf_key, root_key = (_parse_key(block) for block in PRIVATE_KEY.findall(text))
    except ValueError:
        raise ConfigurationError(
            f"{file}: is damaged; once it is gone, a new one is made"
        ) from None
    return Pair(Identity(leaf, leaf_key), Identity(root, root_key))


def _parse_key(block: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(block, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key of ours")  # noqa: TRY004  what the parser raises too
    return key


def _write(file: Path, pair: Pair) -> None:
    text = to_pem([identity.certificate for identity in pair])
    text += "".join(key_to_pem(identity.key) for identity in pair)
    durable_files.replace(file, text, mode=0o600)


def _make_root() -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("root")
    builder = _certificate(name, name, key, life=ROOT_LIFE, issuer_key=key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    return Identity(builder.sign(key, hashes.SHA256()), key)


def _make_leaf(root: Identity) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = root.certificate.subject
    purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION, C2PA_CLAIM_SIGNING]
    builder = _certificate(_name("signer"), issuer, key, life=LEAF_LIFE, issuer_key=root.key)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return Identity(builder.sign(root.key, hashes.SHA256()), key)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    life: timedelta,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    subject_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(subject_id, critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _name(role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{ORGANIZATION} {role}, not for production"),
        ]
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
