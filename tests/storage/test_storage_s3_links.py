"""Links into S3, followed by a plain HTTP client."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from conftest import options_of

from orchestrator.errors import StorageFailed
from orchestrator.models import Asset, AssetKind
from orchestrator.storage import S3Options, S3Storage
from scripts.s3_server import S3Server

KEY = "assets/ab/abc_00001.jpg"
BLOCKED = "blocked/ab/abc_00001.jpg"
HOUR = timedelta(hours=1)


def asset(key: str) -> Asset:
    return Asset(kind=AssetKind.SIGNED, key=key, content_type="image/jpeg")


@pytest.fixture
async def link(options: S3Options) -> str:
    storage = S3Storage(options)
    for key in (KEY, BLOCKED):
        await storage.put(key, key.encode(), content_type="image/jpeg")
    return storage.link(asset(KEY), lifetime=HOUR)


def test_a_link_leads_to_the_picture(link: str) -> None:
    answer = requests.get(link, timeout=10)
    assert (answer.status_code, answer.content) == (200, KEY.encode())
    assert answer.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    "tampered",
    [
        lambda link: link.replace("/assets/", "/blocked/"),
        lambda link: link.replace("Expires=3600", "Expires=7200"),
        lambda link: link[:-1] + ("0" if link[-1] != "0" else "1"),
    ],
    ids=["key", "expiry", "signature"],
)
def test_a_tampered_link_is_forbidden(link: str, tampered: Callable[[str], str]) -> None:
    assert requests.get(tampered(link), timeout=10).status_code == 403


def test_an_unsigned_link_leads_nowhere(link: str) -> None:
    answer = requests.get(link.partition("?")[0], timeout=10)
    assert answer.status_code in (400, 403)
    assert KEY.encode() not in answer.content


def test_a_link_expires(options: S3Options, link: str) -> None:
    brief = S3Storage(options).link(asset(KEY), lifetime=timedelta(seconds=1))
    deadline = time.monotonic() + 10
    while (answer := requests.get(brief, timeout=10)).status_code == 200:
        assert time.monotonic() < deadline
    assert "AccessDenied" in answer.text


def test_no_link_outlives_what_a_signature_can(options: S3Options) -> None:
    link = S3Storage(options).link(asset(KEY), lifetime=timedelta(days=90))
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["604800"]


def test_safe_pictures_have_the_public_address_and_blocked_ones_are_signed_for(
    options: S3Options,
) -> None:
    storage = S3Storage(replace(options, prefix="imgen", public_url="https://cdn.example/"))
    assert storage.link(asset(KEY), lifetime=HOUR) == f"https://cdn.example/imgen/{KEY}"
    blocked = storage.link(asset(BLOCKED), lifetime=HOUR)
    assert blocked.startswith(options.endpoint)
    assert "X-Amz-Signature" in blocked


@pytest.mark.parametrize("key", ["spool/job/1_00001", "assets/../spool/job/1_00001"])
def test_what_is_private_has_no_public_address(options: S3Options, key: str) -> None:
    storage = S3Storage(replace(options, public_url="https://cdn.example"))
    with pytest.raises(StorageFailed):
        storage.link(asset(key), lifetime=HOUR)


@pytest.mark.parametrize(
    ("key", "bucket"), [(KEY, "pictures"), (BLOCKED, "private"), ("spool/job/1", "private")]
)
def test_what_is_private_may_lie_in_a_bucket_of_its_own(
    options: S3Options, key: str, bucket: str
) -> None:
    storage = S3Storage(replace(options, private_bucket="private"))
    assert storage.place(key)["Bucket"] == bucket


@pytest.mark.parametrize("region", ["eu-central-1", "us-west-2"])
def test_links_into_aws_go_to_the_region_without_a_detour(region: str) -> None:
    options = S3Options("pictures", region=region, access_key="key", secret_key="secret")
    link = S3Storage(options).link(asset(KEY), lifetime=HOUR)
    assert link.startswith(f"https://pictures.s3.{region}.amazonaws.com/{KEY}?")


@pytest.mark.parametrize(
    ("addressing", "begin"),
    [
        ("path", "https://s3.example/pictures/assets/"),
        ("virtual", "https://pictures.s3.example/assets/"),
    ],
)
def test_links_begin_as_clients_reach_the_server(
    s3_server: S3Server, addressing: str, begin: str
) -> None:
    options = replace(
        options_of(s3_server), addressing=addressing, link_endpoint="https://s3.example"
    )
    assert S3Storage(options).link(asset(KEY), lifetime=HOUR).startswith(begin)
