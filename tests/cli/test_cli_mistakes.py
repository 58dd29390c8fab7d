"""Mistakes at the command line get one line that says what is wrong, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PICTURE = Path(__file__).parents[2] / "scripts" / "cache_floor.png"
IMGEN = Path(sys.executable).with_name("imgen")


def imgen(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "IMGEN_DATA_DIR": str(folder / "data"), **settings}
    return subprocess.run(
        [IMGEN, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("port = [", "imgen.toml"),
        ("prot = 5", "IMGEN_PROT"),
        ("[limits]\nbody = 'x'", "IMGEN_LIMITS__BODY"),
        ("link_lifetime = 'soon'", "IMGEN_LINK_LIFETIME"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "imgen.toml").write_text(toml)
    done = imgen(tmp_path, "config")
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serve",), "/proc/nowhere"),
        (("keys", "create", "ada"), "/proc/nowhere"),
        (("generate", "red coat"), "admin.key"),
    ],
)
def test_a_data_directory_that_can_not_be_is_named(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = imgen(tmp_path, *arguments, IMGEN_DATA_DIR="/proc/nowhere")
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
    assert said in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create", "x/y"),
        ("keys", "disable", "nobody"),
        ("generate", "red coat", "--key", "k", "--size", "12"),
        ("generate", "red coat", "--key", "k", "--url", "http://127.0.0.1:1"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = imgen(tmp_path, *arguments)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_the_source_of_each_setting_is_told(tmp_path: Path) -> None:
    (tmp_path / "imgen.toml").write_text("port = 5000")
    shown = imgen(tmp_path, "config", IMGEN_HOST="::1").stdout
    assert "IMGEN_PORT=5000  (imgen.toml)" in shown
    assert "IMGEN_HOST=::1  (environment)" in shown
    assert "IMGEN_COMFYUI_PORT=0  (default)" in shown


def test_the_doctor_names_links_that_nobody_could_follow(tmp_path: Path) -> None:
    done = imgen(tmp_path, "doctor", IMGEN_HOST="0.0.0.0")
    assert done.returncode == 1
    assert "set IMGEN_PUBLIC_URL" in done.stdout


@pytest.mark.parametrize("command", ["doctor", "models", "random", f"verify {PICTURE}"])
def test_looking_leaves_nothing_behind(tmp_path: Path, command: str) -> None:
    done = imgen(tmp_path, *command.split())
    assert done.stdout
    assert list((tmp_path / "data").rglob("*")) == []


def test_the_doctor_names_a_data_directory_that_can_not_be(tmp_path: Path) -> None:
    done = imgen(tmp_path, "doctor", IMGEN_DATA_DIR="/proc/nowhere")
    assert done.returncode == 1
    assert "/proc/nowhere" in done.stdout
