"""Every storage there is. A new one is one line in STORAGES."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from orchestrator.ports import Storage
from orchestrator.storage import LocalStorage, S3Options, S3Storage
from scripts.s3_server import BUCKET, S3Server

PUBLIC_URL = "https://pictures.example"
SECRET = b"a secret of thirty-two bytes ...."


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """For tests that don't break it."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def options(s3_server: S3Server) -> S3Options:
    """Of a storage that is empty, because no other has its prefix."""
    return replace(options_of(s3_server), prefix=f"tests/{uuid4().hex}")


def options_of(server: S3Server) -> S3Options:
    return S3Options(
        bucket=BUCKET,
        endpoint=server.url,
        access_key=server.access_key,
        secret_key=server.secret_key,
    )


def local(request: pytest.FixtureRequest) -> LocalStorage:
    folder: Path = request.getfixturevalue("tmp_path")
    return LocalStorage(folder / "storage", public_url=PUBLIC_URL, secret=SECRET)


def s3(request: pytest.FixtureRequest) -> S3Storage:
    return S3Storage(request.getfixturevalue("options"))


STORAGES: dict[str, Callable[[pytest.FixtureRequest], Storage]] = {
    "local": local,
    "s3": s3,
}


@pytest.fixture(params=STORAGES.values(), ids=STORAGES.keys())
def storage(request: pytest.FixtureRequest) -> Storage:
    return request.param(request)
