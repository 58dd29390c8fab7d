"""Section of the settings for the semantic cache."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from orchestrator.settings.groups import Duration, Group

# Without user information: it would show up in errors.
Address = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/@?#]+/?)?$")]


class CacheSettings(Group):
    """Which earlier pictures will do for a request with `use_cache`."""

    enabled: bool = Field(default=True, description="Reuse pictures for callers who ask for it")
    url: Address = Field(
        default="",
        description="Chroma server, as http://host:8000; a fleet needs one (default: embedded, in "
        "the data directory)",
    )
    token: SecretStr | None = Field(default=None, description="Bearer token of that server")
    floor: float = Field(
        default=0.95,
        ge=0,
        lt=1,
        description="A hit's prompt is more similar than this: cosine of the embeddings",
    )
    shared: bool = Field(
        default=False, description="Hand out pictures that were made for other keys, too"
    )
    entries: int = Field(
        default=100_000, ge=1, description="Most pictures that are remembered, the newest"
    )
    time_limit: Duration = Field(
        default=timedelta(seconds=1), gt=timedelta(), description="A slower look-up is a miss"
    )
