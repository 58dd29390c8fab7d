"""Templates survive the artists' page: opened and closed unchanged, they are what they were."""

import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent.parent
MODULE = HOME / "comfy_nodes" / "web" / "template.js"
TEMPLATES = sorted((HOME / "workflows" / "templates").glob("*.json"))
UNUSUAL = """{
  "zeta": {
    "class_type": "Any",
    "inputs": {"big": 18446744073709551615, "float": 1.0, "small": 1e-7, "quoted": "a \\"b\\": {"},
    "_meta": {"colour": "red", "title": "Any", "each": "lora in loras", "when": "loras"}
  },
  "10": {
    "class_type": "Any",
    "inputs": {"source": ["zeta", 0], "list": [1.50, "x", {"deep": null}], "text": "{{ seed }}"}
  },
  "2": {
    "class_type": "Any",
    "inputs": {}
  }
}
"""


def changed(*files: Path) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    script = Path(__file__).with_name("round_trip.mjs")
    command = [node, "--harmony-json-parse-with-source", script, MODULE, *files]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_comes_back_as_it_was(template: Path) -> None:
    assert changed(template) == ""


def test_numbers_order_and_unknown_keys_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "unusual.json"
    file.write_text(UNUSUAL)
    assert changed(file) == ""
