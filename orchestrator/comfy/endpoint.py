"""Where a ComfyUI is reached, and what has to be shown at its door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import SSLContext

from yarl import URL


@dataclass(frozen=True)
class Endpoint:
    url: str  # http://host:port, or https with a path in front of a shared host
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may be secret
    tls: SSLContext | None = None  # None: the system's own trust

    @property
    def shown(self) -> str:
        """For people and logs, without credentials."""
        shown = URL(self.url).with_user(None).with_query(None).with_fragment(None)
        return str(shown).rstrip("/")

    def websocket(self, client_id: str) -> str:
        url = URL(self.url)
        scheme = "wss" if url.scheme == "https" else "ws"
        path = url.path.rstrip("/") + "/ws"
        return str(url.with_scheme(scheme).with_path(path).with_query(clientId=client_id))
