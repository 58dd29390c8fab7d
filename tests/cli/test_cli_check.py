"""`imgen check` in the CI of an operator's repository."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli import imgen
from orchestrator.settings import HOME

CARD = "label: One\ntemplate: none\ndefault_style: a\nstyles:\n  a: {label: A}\n"


def check(folder: Path) -> Result:
    return CliRunner().invoke(imgen, ["check", str(folder)])


def test_the_files_of_the_product_are_sound() -> None:
    done = check(HOME / "workflows")
    assert (done.exit_code, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("models/a.yaml", CARD + "order: x\n", "models/a.yaml: line 6: order: "),
        ("models/a.yaml", CARD, "models/a.yaml: line 2: template: there is no template none"),
        ("characters/a.yaml", "extends: b\n", "characters/a.yaml: line 1: extends: "),
        ("styles/a.yaml", "steps: 0\n", "styles/a.yaml: line 1: steps: "),
        ("families/sd9.yaml", "label: x\n", "families/sd9.yaml: line 1: key: "),
        ("rulesets/a.yaml", "lable: x\n", "rulesets/a.yaml: line 1: lable: "),
        ("prompts/positive.j2", "{{ nobody }}", "prompts/positive.j2: line 1: "),
        ("templates/a.json", "{", "templates/a.json: "),
        ("templates/a.json", '{"1": {"class_type": "X", "inputs": {}}}', "X is not installed"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, file: str, text: str, fault: str) -> None:
    folder = tmp_path / "workflows"
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_text(text)
    done = check(folder)
    assert done.exit_code == 1
    assert fault in done.stdout
