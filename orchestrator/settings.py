"""All settings, read once from the environment (`IMGEN_…`) and `imgen.toml`."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from orchestrator.errors import ConfigurationError

HOME = Path(__file__).resolve().parent.parent  # the checkout: workflows/ and comfyui/ lie here


def _seconds(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


# Written as seconds (`90`), clock time (`0:01:30`) or ISO 8601 (`PT90S`).
Duration = Annotated[timedelta, BeforeValidator(_seconds)]


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CredentialsSettings(Group):
    """Who signs. With neither file a development chain is made in the data directory."""

    certificate: Path | None = Field(
        default=None, description="PEM file: signing certificate, then its intermediates"
    )
    key: Path | None = Field(default=None, description="PEM file: private key (P-256, PKCS #8)")
    anchors: Path | None = Field(
        default=None, description="PEM file: roots that `imgen verify` trusts besides our own"
    )


class ComplianceSettings(Group):
    accept_unreviewed: bool = Field(
        default=False,
        description="Serve learned models although no reviewer looks at their pictures; every "
        "verdict then says so",
    )
    hash_lists: Path | None = Field(
        default=None,
        description="Folder of PDQ hash lists, one hash a line (default: `hashes` in the data "
        "directory)",
    )
    time_limit: Duration = Field(
        default=timedelta(seconds=30), description="Longest review of one picture"
    )


class SecretSettings(Group):
    """Shared by all processes. Unset: random ones are made in the data directory."""

    link_key: SecretStr | None = Field(default=None, description="Signs asset links")
    watermark_key: SecretStr | None = Field(
        default=None, description="Authenticates the id in the invisible watermark"
    )


class LimitSettings(Group):
    body: int = Field(default=16 * 2**20, ge=1024, description="Largest request body, bytes")
    prompt: int = Field(default=4000, ge=1, description="Longest prompt, characters")
    waiting: int = Field(default=10_000, ge=1, description="Most jobs that wait")
    free_rate: int = Field(default=60, ge=1, description="Requests a minute of a `free` key")
    pro_rate: int = Field(default=300, ge=1, description="Requests a minute of a `pro` key")
    free_at_once: int = Field(default=2, ge=1, description="Jobs at once of a `free` key")
    pro_at_once: int = Field(default=8, ge=1, description="Jobs at once of a `pro` key")
    fairness: Duration = Field(
        default=timedelta(seconds=120),
        description="Longest time that a job is passed over for others whose checkpoint is loaded",
    )
    address_rate: int = Field(
        default=60, ge=1, description="Failed authentications a minute from one address"
    )
    running: Duration = Field(default=timedelta(minutes=10), description="Longest run, a try")
    life: Duration = Field(default=timedelta(minutes=60), description="Longest life of a job")
    failures: int = Field(default=3, ge=1, description="Failed tries after which a job is FAILED")
    free_space: int = Field(
        default=256 * 2**20,
        ge=0,
        description="With less room left in the data directory, bytes, new jobs are refused",
    )
    outage: Duration = Field(
        default=timedelta(minutes=5),
        description="With no usable ComfyUI for longer than this, new jobs are refused",
    )


class RetentionSettings(Group):
    """How long something is kept after its job has ended."""

    jobs: Duration = Field(default=timedelta(days=90), description="Records of jobs")
    assets: Duration = Field(default=timedelta(days=90), description="Pictures")
    blocked: Duration = Field(default=timedelta(days=7), description="Pictures that were blocked")
    verdicts: Duration = Field(default=timedelta(days=365), description="Verdicts of reviews")


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
    public_url: str = Field(
        default="", description="How clients reach us, for links (default: http://host:port)"
    )
    data_dir: Path = Field(
        default=Path("data"), description="Database, assets, secrets and logs live here"
    )
    database_url: SecretStr | None = Field(
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
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(), description="Addresses or networks whose X-Forwarded-For is believed"
    )
    link_lifetime: Duration = Field(
        default=timedelta(hours=1), description="How long an asset link works"
    )
    comfyui_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="External ComfyUI instances (default: one is managed here)"
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

    @field_validator("trusted_proxies", "comfyui_urls", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

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


def read_settings() -> Settings:
    """Raises ConfigurationError that names every wrong setting."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{_name(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise ConfigurationError("\n".join(lines)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"imgen.toml: {error}") from None
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Every setting as (environment name, value, description); secrets are masked."""
    return _rows(settings, prefix="IMGEN_")


def _rows(group: BaseModel, *, prefix: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            rows += _rows(value, prefix=f"{prefix}{name.upper()}__")
        else:
            rows.append((prefix + name.upper(), _shown(value), field.description or ""))
    return rows


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _name(location: tuple[int | str, ...]) -> str:
    return "IMGEN_" + "__".join(str(part).upper() for part in location)
