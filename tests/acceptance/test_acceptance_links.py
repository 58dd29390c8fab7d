"""Links to pictures: for whoever holds them, until they expire, and not one byte beside them."""

import os
import re
import stat
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest
import requests
from service import IMGEN, Service


@pytest.fixture(scope="module")
def link(service: Service) -> str:
    url: str = service.generate("red coat")["meta"]["images"][0]["url"]
    return url


def altered(link: str, **changes: Any) -> str:
    parts = urlsplit(link)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return urlunsplit(parts._replace(query="&".join(f"{k}={v}" for k, v in query.items())))


def test_a_link_needs_no_key(link: str) -> None:
    answer = requests.get(link, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")


def test_parts_can_be_asked_for(link: str) -> None:
    whole = requests.get(link, timeout=10).content
    part = requests.get(link, headers={"Range": "bytes=10-19"}, timeout=10)
    assert (part.status_code, part.content) == (206, whole[10:20])


def test_head_tells_the_size(link: str) -> None:
    size = requests.head(link, timeout=10).headers["Content-Length"]
    assert int(size) == len(requests.get(link, timeout=10).content)


@pytest.mark.parametrize(
    "change",
    [{"expires": 9999999999}, {"signature": "0" * 64}, {"expires": "x"}, {"signature": ""}],
)
def test_an_altered_link_leads_nowhere(link: str, change: dict[str, Any]) -> None:
    answer = requests.get(altered(link, **change), timeout=10)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})


def test_each_status_renews_the_link(service: Service) -> None:
    job = service.call("generate", prompt="red coat")["id"]
    first = service.wait(job)["meta"]["images"][0]["url"]
    later = first
    while later == first:  # expiry is told in whole seconds
        later = service.call("status", id=job)["meta"]["images"][0]["url"]
    assert requests.get(later, timeout=10).status_code == 200


def test_a_link_expires(tmp_path: Path) -> None:
    brief = Service(tmp_path, {"IMGEN_LINK_LIFETIME": "1"}).start()
    try:
        url = brief.generate("red coat")["meta"]["images"][0]["url"]
        deadline = time.monotonic() + 5
        while (code := requests.get(url, timeout=10).status_code) == 200:
            assert time.monotonic() < deadline
        assert code == 404
    finally:
        brief.stop()


def test_secrets_stay_out_of_the_log(service: Service, link: str) -> None:
    requests.get(link, timeout=10)
    signature = re.search("signature=([0-9a-f]+)", link)
    assert signature
    assert signature[1] not in service.log()
    assert service.key not in service.log()


def test_the_first_key_is_for_its_owner_only(service: Service) -> None:
    assert stat.S_IMODE((service.data_dir / "admin.key").stat().st_mode) == 0o600


def imgen(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "IMGEN_DATA_DIR": str(service.data_dir)}
    return subprocess.run(
        [IMGEN, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_keys_see_only_their_own_jobs(service: Service) -> None:
    key = imgen(service, "keys", "create", "ada").stdout.strip()
    headers = {"Authorization": f"Bearer {key}"}
    job = service.call("generate", prompt="red coat")["id"]
    answer = service.post({"action": "status", "id": job}, headers=headers)
    assert (answer.status_code, answer.json()) == (404, {"error": "Job not found"})


def test_a_disabled_key_is_refused_at_once(service: Service) -> None:
    key = imgen(service, "keys", "create", "bob").stdout.strip()
    headers = {"Authorization": f"Bearer {key}"}
    assert service.post({"action": "models"}, headers=headers).status_code == 200
    imgen(service, "keys", "disable", "bob")
    answers = [service.post({"action": "models"}, headers=headers) for _ in range(2)]
    while answers[-1].status_code == 200:
        answers.append(service.post({"action": "models"}, headers=headers))
    assert (answers[-1].status_code, answers[-1].json()) == (401, {"error": "API key is disabled"})


def test_a_key_that_asks_too_often_is_told_when_to_come_back(service: Service) -> None:
    key = imgen(service, "keys", "create", "eve", "--tier", "free").stdout.strip()
    headers = {"Authorization": f"Bearer {key}"}
    answers = [service.post({"action": "models"}, headers=headers) for _ in range(62)]
    assert answers[-1].json() == {"error": "Rate limit exceeded"}
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_a_second_service_on_the_same_data_is_refused(service: Service) -> None:
    refused = imgen(service, "serve")
    assert refused.returncode == 1
    assert f"process {service.pid}" in refused.stderr
