"""What a picture says of its origin."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from orchestrator.models.request import Credits
from orchestrator.models.value import Value


class Claims(Value):
    """What the content credentials of one picture say."""

    job: UUID
    gen_id: str
    made: datetime
    model: str
    template_digest: str
    fingerprint: str
    watermark_id: str = ""  # empty: no mark could be read back, so none is claimed
    branded: bool = False
    brand_sha256: str = ""
    credits: Credits = Credits()


class Credentials(Value):
    """What was read from the content credentials of a picture, by whomever they were made."""

    present: bool
    state: str = ""  # of present ones: Trusted, Valid (by a signer we don't know) or Invalid
    failures: tuple[str, ...] = ()  # C2PA status codes
    signer: str = ""  # organization in the signing certificate
    ours: bool = False  # trusted, and signed in the name of this service
    title: str = ""
    claims: Mapping[str, str] = {}  # name -> what is claimed: `generator`, `job`, `author`, …
