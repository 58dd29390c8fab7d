"""The language model that makes prompts richer."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, model_validator

from orchestrator.settings.groups import Duration, Group, HttpUrl

LONGEST = timedelta(seconds=20)  # the contract's; clients give up soon after


class LlmSettings(Group):
    base_url: HttpUrl = Field(
        default="",
        description="OpenAI-compatible endpoint that enhances prompts, as "
        "http://localhost:11434/v1 (default: the built-in enhancer, which has word lists only)",
    )
    model: str = Field(default="", description="Name of the model there")
    api_key: SecretStr | None = Field(default=None, description="Key of the endpoint")
    time_limit: Duration = Field(
        default=timedelta(seconds=15),
        gt=timedelta(),
        le=LONGEST,
        description="Longest enhancing of a prompt, all tries together; at most 20 s",
    )

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.base_url and not self.model:
            raise ValueError("BASE_URL needs MODEL")
        return self
