"""A real job through the real service into a real S3 server."""

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from service import IMGEN, Service

from orchestrator.jobs.retention import Ages, Retention
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.models import Status
from orchestrator.storage import S3Options, S3Storage
from scripts.s3_server import BUCKET, S3Server

PROMPT = "@aya red coat, snowy street, warm lighting, -umbrella"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="module")
def stored(
    server: S3Server, comfyui: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    settings = {**server.settings, "IMGEN_COMFYUI_URLS": comfyui}
    running = Service(tmp_path_factory.mktemp("service"), settings).start()
    yield running
    assert running.stop() == 0, running.log()[-4000:]


@pytest.fixture(scope="module")
def done(stored: Service) -> dict[str, Any]:
    return stored.generate(PROMPT)


def objects(server: S3Server, folder: str) -> list[str]:
    root = server.folder / "buckets" / BUCKET
    return [str(path.relative_to(root)) for path in (root / folder).rglob("*") if path.is_file()]


def test_links_to_picture_and_thumbnail_work_with_a_plain_client(
    server: S3Server, done: dict[str, Any]
) -> None:
    links = [image["url"] for image in done["meta"]["images"]]
    answers = [requests.get(link, timeout=10) for link in links]
    assert {(a.status_code, a.headers["Content-Type"]) for a in answers} == {(200, "image/jpeg")}
    assert all(link.startswith(f"{server.url}/{BUCKET}/assets/") for link in links)


def test_what_is_stored_is_the_signed_picture(
    stored: Service, done: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "picture.jpg"
    file.write_bytes(requests.get(done["meta"]["images"][0]["url"], timeout=10).content)
    verified = subprocess.run(
        [IMGEN, "verify", file],
        env={**os.environ, "IMGEN_DATA_DIR": str(stored.data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout


def test_the_spool_is_empty_when_a_job_has_ended(server: S3Server, done: dict[str, Any]) -> None:
    assert done["status"] == Status.COMPLETED
    assert objects(server, "spool") == []


def test_nothing_lies_in_the_data_directory(stored: Service, done: dict[str, Any]) -> None:
    assert not (stored.data_dir / "assets").exists()


def test_a_job_waits_for_a_server_that_is_away(stored: Service, server: S3Server) -> None:
    server.kill()
    job = stored.call("generate", prompt=PROMPT)["id"]
    deadline = time.monotonic() + 60
    while "has to wait" not in stored.log():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    server.start()
    status = stored.wait(job)
    assert status["status"] == Status.COMPLETED
    assert requests.get(status["meta"]["images"][0]["url"], timeout=10).status_code == 200


async def test_what_is_old_is_deleted_from_the_bucket(stored: Service, server: S3Server) -> None:
    link = stored.generate(PROMPT)["meta"]["images"][0]["url"]
    storage = S3Storage(
        S3Options(
            BUCKET,
            endpoint=server.url,
            access_key=server.access_key,
            secret_key=server.secret_key,
        )
    )
    async with SqliteDatabase(stored.data_dir / "imgen.db") as database:
        while await Retention(database, storage, Ages(assets=timedelta())).sweep():
            pass
    assert objects(server, "assets") == []
    assert requests.get(link, timeout=10).status_code == 404  # noqa: ASYNC210  nobody else waits


def test_the_doctor_finds_it_well(stored: Service, server: S3Server) -> None:
    environment = {**os.environ, **server.settings, "IMGEN_DATA_DIR": str(stored.data_dir)}
    told = subprocess.run(
        [IMGEN, "doctor"], env=environment, capture_output=True, text=True, check=False
    )
    assert f"ok  S3: bucket {BUCKET}" in told.stdout
