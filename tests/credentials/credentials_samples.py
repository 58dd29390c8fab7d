"""Pictures, claims and certificates for the tests of credentials."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from PIL import Image

from orchestrator.models import Claims, Credits, Format

CREDITS = Credits(
    author="Jo Painter",
    title="Snowy street",
    description="A red coat in the snow",
    organization="Example Studio",
    vendor="Example Shop",
)


def claims(**changes: Any) -> Claims:
    return Claims(
        job=UUID("4f1c0f5e-7c2f-4a53-9a55-0d2a3f6f4a11"),
        gen_id="abcdefghij0123456789",
        made=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        model="Example Model",
        template_digest="7e" * 32,
        fingerprint="f0" * 32,
    ).evolve(**changes)


def picture(form: Format, *, width: int = 320, height: int = 240) -> bytes:
    rows, columns = np.mgrid[0:height, 0:width]
    wave = np.sin(columns / 17) + np.cos(rows / 23)
    pixels = np.stack([wave * 60 + 128, wave * -40 + 120, rows % 256], axis=2).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form.value)
    return file.getvalue()


class Authority(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Identity(NamedTuple):
    certificate: x509.Certificate
    key: Any


def name(organization: str, common_name: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def key_usage(*, sign: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(sign, False, False, False, False, authority, authority, False, False)


def make_authority(issuer: Authority | None = None, *, common_name: str = "Root") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = name("Example Authority", common_name)
    builder = _builder(subject, issuer, key, valid=(-1, 3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(sign=False, authority=True), critical=True)
    return Authority(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def make_identity(
    issuer: Authority,
    *,
    organization: str = "Example Pictures",
    usage: ObjectIdentifier | None = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    sign: bool = True,
    valid: tuple[int, int] = (-1, 365),
    key: Any = None,
) -> Identity:
    """`valid`: from and until, in days from now."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name(organization, "Signer"), issuer, key, valid=valid)
    builder = builder.add_extension(key_usage(sign=sign, authority=False), critical=True)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Identity(builder.sign(issuer.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: Authority | None, key: Any, *, valid: tuple[int, int]
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    issuer_key = issuer.key if issuer else key
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=valid[0]))
        .not_valid_after(now + timedelta(days=valid[1]))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority_id, critical=False)
    )


def write_certificates(file: Path, *certificates: x509.Certificate) -> Path:
    file.write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates))
    return file


def write_key(file: Path, key: Any, *, password: bytes | None = None) -> Path:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    return file
