"""Credentials of a role, which expire: links are signed without waiting for new ones."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.credentials import RefreshableCredentials
from waiting import until

from orchestrator.models import Asset, AssetKind
from orchestrator.storage import S3Options, S3Storage, presign

PICTURE = Asset(kind=AssetKind.SIGNED, key="assets/ab/abc_00001.jpg", content_type="image/jpeg")
OPTIONS = S3Options("pictures", region="eu-central-1")
SOON = timedelta(minutes=5)  # so soon that botocore waits for new ones before it uses these
LIMIT = 10  # seconds


class Roles(ThreadingHTTPServer):
    """Gives credentials as a container of AWS gets them, a new key each time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Roles.Handler)
        self.open = threading.Event()
        self.open.set()
        self.asked = 0
        self.lifetime = SOON

    class Handler(BaseHTTPRequestHandler):
        server: "Roles"

        def do_GET(self) -> None:
            self.server.asked += 1
            number = self.server.asked
            self.server.open.wait(LIMIT)
            expiration = (datetime.now(UTC) + self.server.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
            keys = {"AccessKeyId": f"KEY{number}", "SecretAccessKey": "secret", "Token": "token"}
            body = json.dumps({**keys, "Expiration": expiration}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""


@pytest.fixture
def roles(monkeypatch: pytest.MonkeyPatch) -> Iterator[Roles]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with Roles() as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.open.set()
        server.shutdown()


def link(storage: S3Storage) -> str:
    return storage.link(PICTURE, lifetime=timedelta(hours=1))


def test_credentials_of_a_role_are_such_as_expire(roles: Roles) -> None:
    found = S3Storage(OPTIONS).session.get_credentials()
    assert isinstance(found, RefreshableCredentials)


def test_signing_a_link_does_not_wait_for_new_credentials(roles: Roles) -> None:
    storage = S3Storage(OPTIONS)
    roles.open.clear()
    begun = time.monotonic()
    assert "KEY" in link(storage)
    assert time.monotonic() - begun < LIMIT / 2


async def test_new_credentials_are_fetched_in_the_background(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presign, "RENEWAL", timedelta(seconds=0.01))
    storage = S3Storage(OPTIONS)
    before = link(storage)
    watching = asyncio.create_task(storage.watch())
    await until(lambda: link(storage).partition("%2F")[0] != before.partition("%2F")[0])
    watching.cancel()


async def test_credentials_that_have_expired_already_are_no_end(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presign, "RENEWAL", timedelta(seconds=0.01))
    storage = S3Storage(OPTIONS)
    roles.lifetime = -SOON
    before = roles.asked
    watching = asyncio.create_task(storage.watch())
    await until(lambda: roles.asked >= before + 2 or watching.done())
    assert not watching.done()
    watching.cancel()
