"""Who signs: a certificate, what stands above it, and its private key.

Certificates for production. A picture counts as trusted by the public only if its signing
certificate comes from an authority on the C2PA trust list, and those issue certificates to products
of the C2PA conformance programme. Such a certificate lives for at most 366 days; its subject has
country, organization and common name; its key is P-256; its key usage is digitalSignature; its
extended key usage has emailProtection, documentSigning or C2PA claim signing
(1.3.6.1.4.1.62558.2.1). Give the certificate file (PEM: the signing certificate first, then its
intermediates) and the key file (PEM, PKCS #8, not encrypted, readable by the service alone). If the
file has no certificate but the first, give the issuer's in the anchors file. Files may be replaced
while the service runs: in the last 30 days of a certificate they are read again for each picture.
Pictures carry no timestamp: their credentials stop being valid when the certificate expires.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from orchestrator.errors import ConfigurationError

RENEWAL = timedelta(days=30)  # before a certificate expires
C2PA_CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
SIGNING_USAGES = (ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING, C2PA_CLAIM_SIGNING)


@dataclass(frozen=True)
class Chain:
    certificates: str = field(repr=False)  # PEM, the signing one first
    key: str = field(repr=False)  # PEM, PKCS #8
    anchors: str = field(repr=False)  # PEM: whoever trusts these trusts our signature
    organization: str  # of the signing certificate
    expires: datetime
    development: bool  # self-made: nobody else trusts it

    @property
    def due(self) -> bool:
        """Whether it is time for the next certificate."""
        return datetime.now(UTC) > self.expires - RENEWAL


def operator_chain(certificate: Path, key: Path, *, anchors: Path | None = None) -> Chain:
    """The chain in the operator's files. Raises ConfigurationError: which file, what is wrong."""
    certificates = read_certificates(certificate)
    _check_leaf(certificate, certificates[0])
    _check_order(certificate, certificates)
    private = _read_key(key)
    if private.public_key() != certificates[0].public_key():
        raise ConfigurationError(f"{key}: is not the key of the certificate in {certificate}")
    trusted = certificates[1:] + (read_certificates(anchors) if anchors else [])
    if not trusted:
        raise ConfigurationError(
            f"{certificate}: holds the signing certificate only: add its issuer's, or give anchors"
        )
    return make_chain(certificates, private, anchors=trusted, development=False)


def make_chain(
    certificates: Sequence[x509.Certificate],
    key: ec.EllipticCurvePrivateKey,
    *,
    anchors: Sequence[x509.Certificate],
    development: bool,
) -> Chain:
    leaf = certificates[0]
    return Chain(
        certificates=to_pem(certificates),
        key=key_to_pem(key),
        anchors=to_pem(anchors),
        organization=organization_of(leaf),
        expires=leaf.not_valid_after_utc,
        development=development,
    )


def organization_of(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else ""


def to_pem(certificates: Sequence[x509.Certificate]) -> str:
    return "".join(c.public_bytes(Encoding.PEM).decode() for c in certificates)


def key_to_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(file))
    except ValueError:
        raise ConfigurationError(f"{file}: holds no certificate in PEM form") from None


def _read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(_read(file), password=None)
    except TypeError:
        raise ConfigurationError(f"{file}: the private key is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"{file}: holds no private key in PEM form") from None
    if not (isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1"):
        raise ConfigurationError(f"{file}: the private key is not on curve P-256")
    return key


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be read: {error.strerror}") from None


def _check_leaf(file: Path, leaf: x509.Certificate) -> None:
    now = datetime.now(UTC)
    faults = {
        f"has expired on {leaf.not_valid_after_utc:%Y-%m-%d}": leaf.not_valid_after_utc <= now,
        f"is valid only from {leaf.not_valid_before_utc:%Y-%m-%d}": leaf.not_valid_before_utc > now,
        "is a certificate authority's; put the signing certificate first": _is_authority(leaf),
        "has no organization in its subject": not organization_of(leaf),
        "lacks the key usage digitalSignature": not _may_sign(leaf),
        "lacks the extended key usage emailProtection, documentSigning or C2PA claim signing": (
            not _is_for_content(leaf)
        ),
    }
    for fault, found in faults.items():
        if found:
            raise ConfigurationError(f"{file}: the signing certificate {fault}")


def _check_order(file: Path, certificates: Sequence[x509.Certificate]) -> None:
    for number, (below, above) in enumerate(pairwise(certificates), start=1):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            raise ConfigurationError(
                f"{file}: certificate {number} was not issued by the next one"
            ) from None


def _is_authority(leaf: x509.Certificate) -> bool:
    try:
        return leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _may_sign(leaf: x509.Certificate) -> bool:
    try:
        return leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        return False


def _is_for_content(leaf: x509.Certificate) -> bool:
    try:
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return any(usage in usages for usage in SIGNING_USAGES)
