"""Templates survive the artists' page: opened and closed unchanged, they are what they were."""

import json
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
    script = Path(__file__).with_name("round_trip.mjs")
    return run("--harmony-json-parse-with-source", script, MODULE, *files)


def run(*arguments: str | Path) -> str:
    """What node prints."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    command = [node, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_comes_back_as_it_was(template: Path) -> None:
    assert changed(template) == ""


def test_numbers_order_and_unknown_keys_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "unusual.json"
    file.write_text(UNUSUAL)
    assert changed(file) == ""


def test_a_draft_runs_under_the_ids_of_the_page() -> None:
    graph = {
        "end": {"inputs": {"image": ["mid:1", 0], "size": [1, 2]}},
        "mid:1": {"inputs": {"image": ["start", 1]}},
        "start": {"inputs": {"text": "end"}},
    }
    ids = [["end", "7"], ["start", "8"]]
    script = f"""const {{ renamed }} = await import({json.dumps(str(MODULE))});
    console.log(JSON.stringify(renamed({json.dumps(graph)}, new Map({json.dumps(ids)}))))"""
    assert json.loads(run("--input-type=module", "--eval", script)) == {
        "7": {"inputs": {"image": ["mid:1", 0], "size": [1, 2]}},
        "mid:1": {"inputs": {"image": ["8", 1]}},
        "8": {"inputs": {"text": "end"}},
    }
