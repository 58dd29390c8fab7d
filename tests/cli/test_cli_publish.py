"""`imgen publish` into a workflows folder and its history."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli import imgen
from orchestrator.settings import HOME

CARD = "characters/noor.yaml"


@pytest.fixture
def workflows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "workflows"
    shutil.copytree(HOME / "workflows", folder)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("IMGEN_WORKFLOWS_DIR", str(folder))
    monkeypatch.setenv("IMGEN_DATA_DIR", str(tmp_path / "data"))
    return folder


def publish(folder: Path, content: str) -> Result:
    draft = folder.parent / "mine" / CARD
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(content)
    return CliRunner().invoke(imgen, ["publish", str(draft)])


def sound(workflows: Path) -> str:
    return (workflows / "characters" / "aya.yaml").read_text()


def test_each_change_of_a_sound_file_is_a_version(workflows: Path) -> None:
    content = sound(workflows)
    assert publish(workflows, content).stdout == f"{CARD}: version 1\n"
    assert publish(workflows, content + "# again\n").stdout == f"{CARD}: version 2\n"
    assert (workflows / CARD).read_text() == content + "# again\n"


def test_a_faulty_file_is_refused_with_its_line(workflows: Path) -> None:
    done = publish(workflows, sound(workflows) + "surprise: 1\n")
    line = len(sound(workflows).splitlines()) + 1
    assert done.exit_code == 1
    assert f"{CARD}: line {line}: surprise" in str(done.exception)
    assert not (workflows / CARD).exists()
