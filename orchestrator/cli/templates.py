"""`imgen templates …`: workflow templates, their audit and their golden graphs."""

import click
from rich.console import Console
from rich.table import Table

from orchestrator.catalog import read_shelf
from orchestrator.models import Template
from orchestrator.settings import HOME, read_settings
from orchestrator.workflows import audit, packaged_schemas, rewrite_goldens

GOLDENS = HOME / "tests" / "workflows" / "golden"


@click.group()
def templates() -> None:
    """List, check and render workflow templates."""


def _templates() -> list[Template]:
    settings = read_settings()
    shelf = read_shelf(settings.workflows_dir, settings.models_dir)
    for fault in shelf.faults:
        click.echo(f"fault: {fault}", err=True)
    return list(shelf.templates.values())


@templates.command("list")
def show() -> None:
    """Name every template, its nodes and its digest."""
    table = Table("template", "nodes", "digest")
    for template in _templates():
        table.add_row(template.name, str(len(template.graph)), template.digest[:12])
    Console().print(table)


@templates.command()
def check() -> None:
    """Hold every template against the node schemas of the packaged ComfyUI; list all faults."""
    faults = [fault for template in _templates() for fault in audit(template, packaged_schemas())]
    for fault in faults:
        click.echo(str(fault))
    if faults:
        raise SystemExit(1)
    click.echo("all templates are sound", err=True)


@templates.command()
def golden() -> None:
    """Rewrite the committed graph of every template's sample request."""
    for path in rewrite_goldens(_templates(), GOLDENS):
        click.echo(path)
