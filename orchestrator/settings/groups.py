"""Sections of the settings."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    model_validator,
)
from pydantic_settings import NoDecode
from yarl import URL


def _seconds(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


# Written as seconds (`90`), clock time (`0:01:30`) or ISO 8601 (`PT90S`); never negative.
Duration = Annotated[timedelta, BeforeValidator(_seconds), Field(ge=timedelta())]


def _split_commas(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _http_url(url: str) -> str:
    try:
        parsed = URL(url)
    except ValueError:
        raise ValueError("is no URL") from None
    if url and not (parsed.scheme in ("http", "https") and parsed.host):
        raise ValueError("must begin with http:// or https:// and a host")
    return url


HttpUrl = Annotated[str, AfterValidator(_http_url)]  # or empty
Urls = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_split_commas)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split_commas)]


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

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("CERTIFICATE and KEY go together")
        return self


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
    session_key: SecretStr | None = Field(
        default=None, description="Signs the sessions of artists and operators"
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
        description="Longest time that a checkpoint is passed over for those that are loaded",
    )
    address_rate: int = Field(
        default=60, ge=1, description="Failed authentications a minute from one address"
    )
    connections: int = Field(default=1000, ge=1, description="HTTP connections at once")
    address_connections: int = Field(
        default=200, ge=1, description="HTTP connections at once from one address, but of proxies"
    )
    head: Duration = Field(
        default=timedelta(seconds=65),
        gt=timedelta(),
        description="Longest time that a connection waits for the head of a request",
    )
    streams: int = Field(default=16, ge=1, description="Event streams at once of one key")
    running: Duration = Field(
        default=timedelta(minutes=10),
        description="Longest run, a try; `run_limit` on a model's card, seconds, goes before it",
    )
    comfyui_memory: float = Field(
        default=0.85,
        gt=0,
        le=1,
        description="Share of the machine's memory; a managed ComfyUI that holds more is started "
        "anew after its runs",
    )
    comfyui_runs: int = Field(
        default=0,
        ge=0,
        description="Runs after which a managed ComfyUI is started anew; 0: it need not",
    )
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
