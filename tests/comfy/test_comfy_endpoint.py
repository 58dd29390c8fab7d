"""Addresses of ComfyUI are checked early and never shown with credentials."""

import pytest

from orchestrator.comfy import Endpoint
from orchestrator.errors import ConfigurationError


@pytest.mark.parametrize("url", ["", "localhost:8188", "ftp://host", "http://", "http://h:port"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigurationError, match="Not the URL of a ComfyUI"):
        Endpoint(url)


@pytest.mark.parametrize(
    ("url", "websocket"),
    [
        ("http://host:8188", "ws://host:8188/ws"),
        ("https://host/comfy/", "wss://host/comfy/ws"),
    ],
)
def test_the_websocket_is_beside_the_rest(url, websocket):
    assert Endpoint(url).websocket == websocket


def test_credentials_are_not_shown():
    endpoint = Endpoint("https://user:secret@host/?key=secret", {"Authorization": "secret"})
    assert "secret" not in endpoint.shown
