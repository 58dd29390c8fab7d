"""Where a ComfyUI is reached, and what has to be shown at its door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import SSLContext

from yarl import URL

from orchestrator.errors import ConfigurationError


@dataclass(frozen=True)
class Endpoint:
    """Raises ConfigurationError if the URL is not one of HTTP."""

    url: str  # http://host:port, or https with a path in front of a shared host
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may be secret
    tls: SSLContext | None = None  # of https; None: what the system trusts

    def __post_init__(self) -> None:
        try:
            url = URL(self.url)
        except ValueError as error:
            raise ConfigurationError(f"Not the URL of a ComfyUI: {self.url!r}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise ConfigurationError(f"Not the URL of a ComfyUI: {self.url!r}")

    @property
    def shown(self) -> str:
        """For people and logs, without credentials."""
        shown = URL(self.url).with_user(None).with_query(None).with_fragment(None)
        return str(shown).rstrip("/")

    @property
    def websocket(self) -> str:
        url = URL(self.url)
        scheme = "wss" if url.scheme == "https" else "ws"
        return str(url.with_scheme(scheme).with_path(url.path.rstrip("/") + "/ws"))

    @property
    def websocket_tls(self) -> SSLContext | None:
        return self.tls if URL(self.url).scheme == "https" else None
