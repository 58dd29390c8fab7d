"""How callers are told of the ends of their jobs."""

from pydantic import Field

from orchestrator.settings.groups import Group, Networks


class WebhookSettings(Group):
    allow: Networks = Field(
        default=(),
        description="Private addresses or networks that webhooks may be sent to (default: none)",
    )
