"""Commands start quickly, because each imports only what it needs; the list of them is true."""

import subprocess
import sys

import click
import pytest

from orchestrator.cli import COMMANDS, imgen

HEAVY = ("aiohttp", "boto3", "botocore", "c2pa", "chromadb", "PIL", "psycopg", "websockets")


def imported_with(module: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(shown.stdout.split())


def test_the_overview_needs_nothing_of_the_service() -> None:
    assert not imported_with("orchestrator.cli") & {*HEAVY, "pydantic", "orchestrator.wiring"}


@pytest.mark.parametrize("command", ["keys", "webhooks", "config", "secrets"])
def test_small_commands_import_little(command: str) -> None:
    assert not imported_with(f"orchestrator.cli.{command}") & set(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_of_a_command_what_it_says_itself(name: str) -> None:
    command = imgen.get_command(click.Context(imgen), name)
    assert command
    assert (command.name, command.get_short_help_str(100)) == (name, COMMANDS[name].help)


def test_an_unknown_command_is_none() -> None:
    assert imgen.get_command(click.Context(imgen), "nothing") is None
