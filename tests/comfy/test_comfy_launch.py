"""How a ComfyUI is started: its flags, its folders, and stand-ins for what can't be imported."""

import importlib
import json
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "comfyui"
BOTH = {"--listen", "--port", "--disable-auto-launch", "--preview-method", "--cpu"}
MID_2024 = frozenset(BOTH | {"--cwd", "--disable-known-models"})
NEWER = frozenset(BOTH | {"--base-directory", "--disable-api-nodes", "--database-url"})


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(LAUNCHER)
    return importlib.import_module("launch")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(LAUNCHER)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    importlib.import_module("stand_in").stand_in_for(["missing_vision"])
    yield
    for name in [name for name in sys.modules if name.startswith("missing_vision")]:
        del sys.modules[name]


def flags(launch, known: frozenset[str], directory: Path, **changes: object) -> list[str]:
    options = {"port": 1234, "checkout": None, "accelerator": True}
    return launch.start_flags(known, directory=directory, **(options | changes))


@pytest.mark.parametrize("known", [MID_2024, NEWER], ids=["mid-2024", "newer"])
def test_only_flags_that_it_knows_are_given(launch, known, tmp_path):
    given = flags(launch, known, tmp_path, accelerator=False)
    assert {flag for flag in given if flag.startswith("--")} == known


@pytest.mark.parametrize("known", [MID_2024, NEWER], ids=["mid-2024", "newer"])
def test_it_listens_on_loopback_only(launch, known, tmp_path):
    given = flags(launch, known, tmp_path)
    assert given[given.index("--listen") + 1] == "127.0.0.1"


def test_with_an_accelerator_the_processor_is_not_asked_for(launch, tmp_path):
    assert "--cpu" not in flags(launch, NEWER, tmp_path)


def test_a_checkout_keeps_its_own_nodes(launch, tmp_path):
    given = flags(launch, NEWER, tmp_path, checkout=Path("/opt/comfyui"))
    configuration = Path(given[given.index("--extra-model-paths-config") + 1])
    paths = json.loads(configuration.read_text())
    assert paths == {"checkout": {"custom_nodes": "/opt/comfyui/custom_nodes"}}


def test_one_that_has_no_base_directory_is_refused(launch, tmp_path):
    with pytest.raises(SystemExit, match="too old"):
        flags(launch, frozenset(BOTH), tmp_path)


def test_folders_are_links_to_the_originals(launch, tmp_path):
    models, pack = tmp_path / "models", tmp_path / "comfy_nodes"
    launch.prepare(tmp_path / "work", models=models, pack=pack)
    assert (tmp_path / "work" / "models").readlink() == models
    assert (tmp_path / "work" / "custom_nodes" / "imgen").readlink() == pack


def test_a_link_follows_when_the_original_moves(launch, tmp_path):
    for models in (tmp_path / "old", tmp_path / "new", tmp_path / "new"):
        launch.prepare(tmp_path / "work", models=models, pack=tmp_path)
    assert (tmp_path / "work" / "models").readlink() == tmp_path / "new"


def test_a_stand_in_has_every_module_and_attribute(stand_in):
    functional = importlib.import_module("missing_vision.transforms.functional")
    assert isinstance(functional.InterpolationMode.BILINEAR, type)


def test_a_call_into_a_stand_in_says_what_is_missing(stand_in):
    with pytest.raises(ImportError, match="Resize needs missing_vision"):
        importlib.import_module("missing_vision.transforms").Resize(64)
