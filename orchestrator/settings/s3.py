"""Section of the settings for pictures in S3."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from orchestrator.settings.groups import Group

SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._-]*"
BucketName = Annotated[str, StringConstraints(pattern=rf"^({SEGMENT})?$", max_length=63)]
Prefix = Annotated[str, StringConstraints(pattern=rf"^({SEGMENT}(/{SEGMENT})*)?$", max_length=500)]
# Without user information: it would show up in links and logs.
Address = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/@?#]+(/[^\s@?#]*)?)?$")]


class S3Settings(Group):
    """A bucket makes it S3; without one pictures lie in the data directory."""

    bucket: BucketName = Field(
        default="", description="Bucket for pictures (default: they lie in the data directory)"
    )
    private_bucket: BucketName = Field(
        default="", description="Bucket for blocked and unsigned pictures (default: the same)"
    )
    prefix: Prefix = Field(default="", description="Folder in the bucket")
    endpoint: Address = Field(default="", description="URL of the S3 server (default: AWS)")
    link_endpoint: Address = Field(
        default="", description="URL of the same server for clients, in links"
    )
    public_url: Address = Field(
        default="",
        description="URL under which everybody can read `assets/` of the bucket, such as a CDN; "
        "links to safe pictures then begin with it and do not expire",
    )
    region: str = Field(default="", description="Region (default: as AWS tools find it)")
    access_key: str = Field(default="", description="Key id (default: as AWS tools find it)")
    secret_key: SecretStr | None = Field(default=None, description="Secret of the key")
    addressing: Literal["auto", "path", "virtual"] = Field(
        default="auto",
        description="Bucket in the `path` or in the host (`virtual`); auto: virtual for AWS only",
    )
    sse: Literal["", "AES256", "aws:kms"] = Field(
        default="", description="Server-side encryption: `AES256` or `aws:kms`"
    )
    kms_key: str = Field(default="", description="KMS key id, for `aws:kms`")
    storage_class: str = Field(default="", description="Storage class (default: the bucket's)")
    checksum: Literal["md5", "sha256", "crc32"] = Field(
        default="md5",
        description="How the server verifies uploads; every server knows `md5` (Content-MD5)",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.bucket and any(getattr(self, name) for name in self.model_fields_set):
            raise ValueError("BUCKET is missing")
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError("ACCESS_KEY and SECRET_KEY go together")
        if self.kms_key and self.sse != "aws:kms":
            raise ValueError("KMS_KEY needs SSE=aws:kms")
        return self

    def revealed(self) -> dict[str, Any]:
        """All values as they are, the secret too."""
        secret = self.secret_key.get_secret_value() if self.secret_key else ""
        return self.model_dump() | {"secret_key": secret}
