"""Connections to Chroma, quiet ones. Importing Chroma takes a second or two and 70 MB, so it is
imported when it is needed."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI
    from chromadb.config import Settings

NAME = "imgen-pictures-1"  # the number changes with the model and with what a place is
REQUEST_LIMIT = 10  # seconds for a server to answer


@dataclass(frozen=True)
class Server:
    url: str
    token: str = ""


def embedded(folder: Path) -> "ClientAPI":
    from chromadb import PersistentClient  # noqa: PLC0415  see above

    return PersistentClient(str(folder), settings=_settings())


def remote(server: Server) -> "ClientAPI":
    """
    Raises:
        httpx.HTTPError: it does not answer.
    """
    import httpx  # noqa: PLC0415
    from chromadb import HttpClient  # noqa: PLC0415

    # Chroma's client has no setting for a time limit and its constructor would wait for ever
    httpx.get(f"{server.url}/api/v2/heartbeat", timeout=REQUEST_LIMIT).raise_for_status()
    address = urlsplit(server.url)
    secure = address.scheme == "https"
    client = HttpClient(
        host=address.hostname or "",
        port=address.port or (443 if secure else 80),
        ssl=secure,
        headers={"Authorization": f"Bearer {server.token}"} if server.token else {},
        settings=_settings(),
    )
    client._server._session.timeout = REQUEST_LIMIT  # type: ignore[attr-defined]  # it is inside
    return client


def pictures(client: "ClientAPI") -> "Collection":
    return client.get_or_create_collection(
        NAME, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )


def _settings() -> "Settings":
    from chromadb.config import Settings  # noqa: PLC0415

    for noisy in ("chromadb", "httpx"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return Settings(
        anonymized_telemetry=False,
        # Chroma's client never closes the connections that it keeps for later
        chroma_http_max_keepalive_connections=0,
        _env_file=None,
    )
