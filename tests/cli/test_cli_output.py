"""What commands say of themselves, and that people can read it in 80 columns."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orchestrator.cli import imgen
from orchestrator.cli.prose import plain

IMGEN = Path(sys.executable).with_name("imgen")


def commands(group: click.Group) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (name,)
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, *below) for below in commands(command))


@pytest.mark.parametrize("command", list(commands(imgen)), ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(imgen, [*command, "--help"])
    assert shown.exit_code == 0
    assert shown.output.startswith("Usage:")
    assert len(shown.output.splitlines()) > 4  # more than usage and options


@pytest.mark.parametrize("command", [(), *commands(imgen)], ids=" ".join)
def test_help_fits(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(imgen, [*command, "--help"], terminal_width=80).output
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def at_a_terminal(folder: Path, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "IMGEN_DATA_DIR": str(folder)}
    shown = b""
    with subprocess.Popen([IMGEN, *arguments], stdout=theirs, env=environment, cwd=folder):
        os.close(theirs)
        with suppress(OSError):  # the program has ended
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    return click.unstyle(shown.decode())


def test_settings_are_explained_within_a_terminal(tmp_path: Path) -> None:
    shown = at_a_terminal(tmp_path, "config").splitlines()
    explained = [line for line in shown if line.startswith("    ")]
    assert len(explained) > 50
    assert [line for line in explained if len(line) > 80] == []


def test_nothing_is_wrapped_for_programs(tmp_path: Path) -> None:
    shown = CliRunner().invoke(imgen, ["config"], env={"COLUMNS": "80"}).output
    assert max(len(line) for line in shown.splitlines()) > 100


NAMES = ["[/red] x", "[bold]x", ":smile:", "two\nlines", "\x1b[31mred"]


def test_names_of_files_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    for name in NAMES:
        file = tmp_path / "checkpoints" / f"{name}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    environment = {"IMGEN_MODELS_DIR": str(tmp_path), "COLUMNS": "200"}
    shown = CliRunner().invoke(imgen, ["models"], env=environment).output
    assert [name for name in NAMES if f"/{plain(name)}.safetensors" not in shown] == []
    assert "\x1b" not in shown
