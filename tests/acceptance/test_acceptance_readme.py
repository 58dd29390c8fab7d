"""The commands of README against a running service, as a newcomer would type them."""

import json
import os
import re
import subprocess

import pytest
from service import Service

from orchestrator.settings import HOME

README = (HOME / "README.md").read_text()
CURLS = [block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in block]


def answer(command: str, service: Service) -> dict[str, str]:
    done = subprocess.run(
        command.replace("http://127.0.0.1:8080", service.url),
        shell=True,
        env={**os.environ, "IMGEN_API_KEY": service.key},
        capture_output=True,
        timeout=60,
        check=True,
    )
    body: dict[str, str] = json.loads(done.stdout)
    return body


@pytest.fixture
def generated(service: Service) -> dict[str, str]:
    return answer(CURLS[0], service)


def test_the_first_curl_of_readme_begins_a_job(generated: dict[str, str]) -> None:
    assert re.fullmatch(r"run_\w+", generated["id"])


def test_the_second_curl_of_readme_follows_it(generated: dict[str, str], service: Service) -> None:
    status = answer(CURLS[1].replace("run_…", generated["id"]), service)["status"]
    assert status in ("IN_QUEUE", "IN_PROGRESS", "COMPLETED")


def test_readme_has_no_other_curl() -> None:
    assert len(CURLS) == 2
