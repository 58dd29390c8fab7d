"""`imgen config`: what is set, and where."""

import os
import tomllib
from pathlib import Path
from typing import Any

import click

from orchestrator.cli.prose import say
from orchestrator.settings import Settings, describe, read_settings


@click.command()
def config() -> None:
    """Print every setting: its value, its source, what it does."""
    settings = read_settings()
    toml = _toml_names(Settings.model_config.get("toml_file"))
    for name, value, description in describe(settings):
        click.echo(f"{name}={value}  ({_source(name, toml)})")
        say(click.style(description, dim=True), indent=4)


def _source(name: str, toml: set[str]) -> str:
    if any(variable.upper() == name for variable in os.environ):
        return "environment"
    return "imgen.toml" if name in toml else "default"


def _toml_names(file: Any) -> set[str]:
    path = Path(file)
    if not path.is_file():
        return set()
    return _flat(tomllib.loads(path.read_text()), "IMGEN_")


def _flat(group: dict[str, Any], prefix: str) -> set[str]:
    names = set()
    for key, value in group.items():
        if isinstance(value, dict):
            names |= _flat(value, f"{prefix}{key.upper()}__")
        else:
            names.add(prefix + key.upper())
    return names
