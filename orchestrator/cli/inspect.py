"""`imgen config` and `imgen models`: what is set, and what is served."""

import os
import tomllib
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from orchestrator.settings import Settings, describe, read_settings
from orchestrator.wiring import read_offer


@click.command()
def config() -> None:
    """Print every setting: its value, where it comes from, what it does."""
    settings = read_settings()
    toml = _toml_names(Settings.model_config.get("toml_file"))
    for name, value, description in describe(settings):
        click.echo(f"{name}={value}  ({_source(name, toml)})")
        click.echo(click.style(f"    {description}", dim=True))


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


@click.command()
def models() -> None:
    """List what is served, and what is not and why.

    Files with the same content are named once a running service has compared them.
    """
    shelf = read_offer(read_settings())
    console = Console()
    served = Table("model", "label", "family", "styles", "weights", "also known as", title="Served")
    for model in shelf.models.values():
        served.add_row(
            model.key,
            model.label,
            model.family,
            ", ".join(model.styles),
            model.checkpoint or "none needed",
            ", ".join(model.aliases),
        )
    console.print(served)
    withheld = Table("what", "why", title="Not served")
    for key, reason in shelf.withheld.items():
        withheld.add_row(key, reason)
    console.print(withheld)
    console.print("Characters:", ", ".join(shelf.characters) or "none")
    loras = (f"{lora.file} ({lora.family})" for lora in shelf.loras.values())
    console.print("LoRAs:", ", ".join(loras) or "none")
    for files in shelf.duplicates:
        console.print("Same content:", ", ".join(files))
    for fault in shelf.faults:
        console.print(f"[red]fault[/red] {fault}")
