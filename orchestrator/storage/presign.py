"""Links into S3 that are signed at once, also with credentials that expire."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.storage.upload import Fields

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from types_boto3_s3 import S3Client

LONGEST_LINK = timedelta(days=7)  # AWS signs no longer
RENEWAL = timedelta(minutes=1)  # between two looks; botocore renews a quarter of an hour ahead


class Presigner:
    """Holds a client with the credentials of the last look: one that looks by itself would wait
    for the answer of a network."""

    def __init__(
        self, credentials: "Credentials", make_client: "Callable[[ReadOnlyCredentials], S3Client]"
    ) -> None:
        """Blocks."""
        self._credentials = credentials
        self._make_client = make_client
        self._frozen = credentials.get_frozen_credentials()
        self._client = make_client(self._frozen)

    def renew(self) -> None:
        """Blocks. Raises BotoCoreError."""
        frozen = self._credentials.get_frozen_credentials()
        if frozen != self._frozen:
            self._client, self._frozen = self._make_client(frozen), frozen

    def sign(self, place: Fields, *, lifetime: timedelta) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params=place,
            ExpiresIn=math.ceil(min(lifetime, LONGEST_LINK).total_seconds()),
        )
