"""What the doctor finds out about a bucket."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiohttp import web
from s3_proxy import S3Proxy

from orchestrator.errors import StorageUnavailable
from orchestrator.storage import S3Options, S3Storage, examine
from scripts.s3_server import BUCKET, S3Server


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def everybody_may_read(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_a_good_bucket_has_nothing_against_it(options: S3Options) -> None:
    found = await examine(S3Storage(options))
    assert (found.versioned, found.exposed) == (False, False)
    assert abs(found.skew) < timedelta(seconds=5)


async def test_nothing_is_left_behind(options: S3Options, s3_server: S3Server) -> None:
    await examine(S3Storage(options))
    folder = s3_server.folder / "buckets" / BUCKET / options.prefix
    assert not [path for path in folder.rglob("*") if path.is_file()]


async def test_a_public_address_that_shows_private_objects_is_noticed(
    options: S3Options, s3_server: S3Server
) -> None:
    with everybody_may_read(s3_server.folder / "buckets" / BUCKET) as url:
        found = await examine(S3Storage(replace(options, public_url=url)))
    assert found.exposed


async def test_a_public_address_that_leads_elsewhere_is_fine(
    options: S3Options, tmp_path: Path
) -> None:
    with everybody_may_read(tmp_path) as url:
        assert not (await examine(S3Storage(replace(options, public_url=url)))).exposed


async def test_a_bucket_that_keeps_versions_is_noticed(
    options: S3Options, s3_server: S3Server
) -> None:
    async def keeps_versions(request: web.Request, body: bytearray) -> web.Response | None:
        text = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        return web.Response(text=text) if "versioning" in request.query else None

    async with S3Proxy(s3_server.url).running() as proxy:
        proxy.faults, proxy.methods = [keeps_versions] * 10, ("GET",)
        assert (await examine(S3Storage(replace(options, endpoint=proxy.url)))).versioned


async def test_a_bucket_that_is_not_there_is_named(options: S3Options) -> None:
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        await examine(S3Storage(replace(options, bucket="nowhere")))
