"""All settings; each section has a class in `groups` or in a file of its own."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from orchestrator.settings.cache import CacheSettings
from orchestrator.settings.groups import (
    ComplianceSettings,
    CredentialsSettings,
    Duration,
    HttpUrl,
    LimitSettings,
    Networks,
    RetentionSettings,
    SecretSettings,
    Urls,
)
from orchestrator.settings.llm import LlmSettings
from orchestrator.settings.s3 import S3Settings
from orchestrator.settings.webhooks import WebhookSettings

HOME = Path(__file__).resolve().parents[2]  # the checkout: workflows/ and comfyui/ lie here
ADMIN_KEY_FILE = "admin.key"  # in the data directory: the key that the first start makes
LONGEST_S3_LINK = timedelta(days=7)  # no signature is valid for longer
POSTGRESQL = ("postgresql://", "postgres://")


def _is_postgresql(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(POSTGRESQL):
        raise ValueError(f"must begin with {POSTGRESQL[0]}; leave it out for SQLite")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_is_postgresql)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="IMGEN_",
        env_nested_delimiter="__",
        toml_file="imgen.toml",
        extra="forbid",
        frozen=True,
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0: any free")
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of 127.0.0.1 for /metrics without a key; 0: none",
    )
    public_url: HttpUrl = Field(
        default="",
        description="How clients reach us, for links; has to be set if the host is 0.0.0.0 or :: "
        "(default: http://host:port)",
    )
    data_dir: Path = Field(
        default=Path("data"), description="Database, assets, secrets and logs live here"
    )
    assets_dir: Path | None = Field(
        default=None,
        description="Pictures live here if they are not in S3; the hosts of a fleet share it "
        "(default: the data directory)",
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL, as postgresql://user:password@host/name (default: a SQLite file "
        "in the data directory)",
    )
    workflows_dir: Path = Field(
        default=HOME / "workflows", description="Templates, cards, rulesets and prompt texts"
    )
    models_dir: Path = Field(
        default=HOME / "comfyui" / "models", description="Weights, laid out as ComfyUI does"
    )
    default_model: str = Field(
        default="", description="Key of the first model (default: the lowest `order`)"
    )
    unknown_character: Literal["refuse", "ignore"] = Field(
        default="refuse", description="What an unknown @name in a prompt means"
    )
    trusted_proxies: Networks = Field(
        default=(), description="Addresses or networks whose X-Forwarded-For is believed"
    )
    link_lifetime: Duration = Field(
        default=timedelta(hours=1), description="How long an asset link works"
    )
    comfyui_urls: Urls = Field(
        default=(), description="External ComfyUI instances (default: one is managed here)"
    )
    comfyui_artists_url: HttpUrl = Field(
        default="", description="The ComfyUI behind /comfy/ (default: the first of this process)"
    )
    comfyui_path: Path | None = Field(
        default=None, description="A ComfyUI checkout to run instead of the packaged one"
    )
    comfyui_python: Path | None = Field(
        default=None, description="Its interpreter (default: comfyui/.venv/bin/python)"
    )
    comfyui_port: int = Field(
        default=0, ge=0, le=65535, description="Port of the managed ComfyUI; 0: any free"
    )
    limits: LimitSettings = Field(default=LimitSettings(), description="Bounds")
    retention: RetentionSettings = Field(default=RetentionSettings(), description="Housekeeping")
    compliance: ComplianceSettings = Field(default=ComplianceSettings(), description="Review")
    credentials: CredentialsSettings = Field(
        default=CredentialsSettings(), description="Content credentials"
    )
    secrets: SecretSettings = Field(default=SecretSettings(), description="Shared secrets")
    webhooks: WebhookSettings = Field(default=WebhookSettings(), description="Webhooks")
    llm: LlmSettings = Field(default=LlmSettings(), description="Enhancing of prompts")
    cache: CacheSettings = Field(default=CacheSettings(), description="Reuse of pictures")
    s3: S3Settings = Field(default=S3Settings(), description="Pictures in S3")

    @field_validator("s3")
    @classmethod
    def _links_can_be_signed(cls, s3: S3Settings, info: ValidationInfo) -> S3Settings:
        if s3.bucket and info.data.get("link_lifetime", timedelta()) > LONGEST_S3_LINK:
            raise ValueError("a link into S3 works for 7 days at most; shorten LINK_LIFETIME")
        return s3

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is theirs
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
