"""The client examples of the API documents, unchanged but for address, key and prompt.

The documents lie beside the checkout, in `../shared/spec`; without them these tests are skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from service import Service

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
REFERENCE, HUMAN = SPEC / "imgen-v2-llm-reference.md", SPEC / "imgen-v2.md"
PROMPT = "@aya red coat, snowy street"

pytestmark = pytest.mark.skipif(not SPEC.is_dir(), reason="the API documents are not here")

LINK = re.compile(r"http://\S+/assets/\S+signature=[0-9a-f]+")


def between(text: str, start: str, end: str) -> str:
    return text[text.index(start) : text.index(end, text.index(start)) + len(end)]


def adapted(source: str, service: Service) -> str:
    source = re.sub(r"https://imgen[\w.-]*\.com/api/v2", f"{service.url}/api/v2", source)
    source = source.replace("your-api-key", service.key)
    return re.sub(r"@aya [^'\"]*", PROMPT, source)


def run(command: list[str | Path], service: Service) -> str:
    environment = {**os.environ, "IMGEN_API_KEY": service.key}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def fenced(language: str, starting: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", REFERENCE.read_text(), re.DOTALL)
    return next(block for block in blocks if starting in block)


def test_the_javascript_client_of_the_reference(service: Service, tmp_path: Path) -> None:
    script = tmp_path / "client.mjs"
    script.write_text(adapted(fenced("javascript", "const API"), service))
    assert LINK.search(run([needs("node"), script], service))


def test_the_python_client_of_the_reference(service: Service, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(adapted(fenced("python", "API ="), service))
    assert LINK.search(run([sys.executable, script], service))


def test_the_python_client_of_the_reference_gets_an_earlier_picture(
    service: Service, tmp_path: Path
) -> None:
    made = service.generate(PROMPT, style="professional")
    assert made["status"] == "COMPLETED"
    service.wait_for_cache()
    script = tmp_path / "client.py"
    script.write_text(adapted(fenced("python", "API ="), service))
    answer = run([sys.executable, script], service)
    assert "(cache)" in answer
    assert LINK.search(answer)


def test_the_javascript_client_of_the_manual(service: Service, tmp_path: Path) -> None:
    script = tmp_path / "client.mjs"
    source = between(HUMAN.read_text(), "const API", "signed?.url);")
    script.write_text(adapted(source, service))
    assert LINK.search(run([needs("node"), script], service))


def test_the_python_client_of_the_manual(service: Service, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    source = between(HUMAN.read_text(), "import requests, time", 'signed["url"])')
    script.write_text(adapted(source, service))
    assert LINK.search(run([sys.executable, script], service))


def test_the_curl_commands_of_the_manual(service: Service, tmp_path: Path) -> None:
    needs("curl")
    script = tmp_path / "client.sh"
    source = between(HUMAN.read_text(), 'TOKEN="', "# Poll status")
    script.write_text(adapted(source, service))
    answers = run(["bash", script], service)
    assert '"professional"' in answers
    assert re.search(r'"id": "run_[0-9a-f]{32}"', answers)


def test_the_php_client_of_the_manual(service: Service, tmp_path: Path) -> None:
    script = tmp_path / "client.php"
    source = between(HUMAN.read_text(), "<?php", "die($s['error'] ?? 'Failed');\n}")
    script.write_text(adapted(source, service))
    assert LINK.search(run([needs("php"), script], service))
