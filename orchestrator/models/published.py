"""Files of the workflows folder that were published, with their history."""

from datetime import datetime

from orchestrator.models.value import Value


class Version(Value):
    """One state of a published file."""

    path: str  # below the workflows folder, as in `models/aya.yaml`
    number: int  # 1 is the oldest
    digest: str  # SHA-256 of the content; empty: it was deleted
    author: str  # empty: found in the folder
    published: datetime
