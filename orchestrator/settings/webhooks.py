"""How callers are told of the ends of their jobs."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, IPvAnyNetwork
from pydantic_settings import NoDecode

from orchestrator.settings.groups import Group


def _split_commas(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class WebhookSettings(Group):
    allow: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split_commas)] = Field(
        default=(),
        description="Private addresses or networks that webhooks may be sent to (default: none)",
    )
