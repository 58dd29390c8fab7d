"""The client examples of the API documents, unchanged but for address, key and prompt; once more
with `use_cache`, when they are to get the picture that is there.

The documents lie beside the checkout, in `../shared/spec`; without them these tests are skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests
from service import Service

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
REFERENCE, HUMAN = SPEC / "imgen-v2-llm-reference.md", SPEC / "imgen-v2.md"
PROMPT = "@aya red coat, snowy street"

pytestmark = pytest.mark.skipif(not SPEC.is_dir(), reason="the API documents are not here")

LINK = re.compile(r"http://\S+/assets/\S+signature=[0-9a-f]+")
CACHED = re.compile(r"\bcache_[0-9a-f]{32}\b")


def between(text: str, start: str, end: str) -> str:
    return text[text.index(start) : text.index(end, text.index(start)) + len(end)]


def fenced(language: str, starting: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", REFERENCE.read_text(), re.DOTALL)
    return next(block for block in blocks if starting in block)


@dataclass(frozen=True)
class Client:
    program: str
    suffix: str
    source: Callable[[], str]
    reuse: str  # goes after the action, to ask for an earlier picture
    shows_id: str = ""  # a last line, where the example does not print what id it got


CLIENTS = {
    "javascript of the reference": Client(
        "node",
        ".mjs",
        partial(fenced, "javascript", "const API"),
        ", use_cache: true",
        "console.log(meta.id);",
    ),
    "python of the reference": Client(
        sys.executable,
        ".py",
        partial(fenced, "python", "API ="),
        ', "use_cache": True',
        'print(meta["id"])',
    ),
    "javascript of the manual": Client(
        "node",
        ".mjs",
        lambda: between(HUMAN.read_text(), "const API", "signed?.url);"),
        ", use_cache: true",
        "console.log(meta.id);",
    ),
    "python of the manual": Client(
        sys.executable,
        ".py",
        lambda: between(HUMAN.read_text(), "import requests, time", 'signed["url"])'),
        ', "use_cache": True',
        'print(meta["id"])',
    ),
    "php of the manual": Client(
        "php",
        ".php",
        lambda: between(HUMAN.read_text(), "<?php", "die($s['error'] ?? 'Failed');\n}"),
        ", 'use_cache' => true",
        "echo ' ' . $job['id'];",
    ),
    "curl of the manual": Client(
        "bash",
        ".sh",
        lambda: between(HUMAN.read_text(), 'TOKEN="', "# Poll status"),
        ',"use_cache":true',
    ),
}
SHOWING = {name: client for name, client in CLIENTS.items() if client.shows_id}


def adapted(source: str, service: Service) -> str:
    source = re.sub(r"https://imgen[\w.-]*\.com/api/v2", f"{service.url}/api/v2", source)
    source = source.replace("your-api-key", service.key)
    return re.sub(r"@aya [^'\"]*", PROMPT, source)


def reusing(client: Client) -> str:
    source = re.sub(r"""(?<=['"]generate['"])""", client.reuse, client.source(), count=1)
    return f"{source}\n{client.shows_id}\n"


def run(client: Client, source: str, service: Service, folder: Path) -> str:
    """What it prints."""
    script = folder / f"client{client.suffix}"
    script.write_text(adapted(source, service))
    environment = {**os.environ, "IMGEN_API_KEY": service.key}
    done = subprocess.run(
        [client.program, script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("name", SHOWING)
def test_a_documented_client_gets_a_picture(service: Service, tmp_path: Path, name: str) -> None:
    client = SHOWING[name]
    needs(client.program)
    assert LINK.search(run(client, client.source(), service, tmp_path))


def test_the_documented_curl_commands_work(service: Service, tmp_path: Path) -> None:
    needs("bash", "curl")
    client = CLIENTS["curl of the manual"]
    answers = run(client, client.source(), service, tmp_path)
    assert '"professional"' in answers
    assert re.search(r'"id": "run_[0-9a-f]{32}"', answers)


@pytest.fixture(scope="module")
def again(service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, "Future[str]"]:
    """What each prints that asks for an earlier picture, all at the same time: each sleeps for
    some seconds."""
    assert service.generate(PROMPT, style="professional")["status"] == "COMPLETED"
    service.wait_for_cache()
    with ThreadPoolExecutor(len(CLIENTS)) as threads:
        return {
            name: threads.submit(
                run, client, reusing(client), service, tmp_path_factory.mktemp("client")
            )
            for name, client in CLIENTS.items()
            if shutil.which(client.program)
        }


@pytest.mark.parametrize("name", CLIENTS)
def test_a_documented_client_gets_an_earlier_picture(
    again: dict[str, "Future[str]"], name: str
) -> None:
    needs(CLIENTS[name].program)
    printed = again[name].result()
    assert CACHED.search(printed)


@pytest.mark.parametrize("name", SHOWING)
def test_the_link_to_an_earlier_picture_works(again: dict[str, "Future[str]"], name: str) -> None:
    needs(CLIENTS[name].program)
    found = LINK.search(again[name].result())
    assert found
    answer = requests.get(found[0], timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
