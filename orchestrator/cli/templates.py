"""`imgen templates …`: workflow templates, their audit and their golden graphs."""

import asyncio
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from orchestrator.catalog import read_shelf
from orchestrator.models import Template
from orchestrator.settings import HOME, read_settings
from orchestrator.wiring import declared_schemas
from orchestrator.workflows import Fit, audit, fit, rewrite_goldens

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
    """Name every template, its nodes, where it runs and its digest."""
    table = Table("template", "nodes", "runs on", "digest")
    for template in _templates():
        place = fit(template).place or "nothing that we know of: imgen templates check"
        table.add_row(template.name, str(len(template.graph)), place, template.digest[:12])
    Console().print(table)


@templates.command()
@click.option("--url", help="Of a ComfyUI that runs, such as http://127.0.0.1:8188.")
def check(url: str | None) -> None:
    """Hold every template against the nodes that it needs; list all faults.

    \b
    Without --url the nodes are those that we know of: of the packaged ComfyUI, of an official
    release, and of some node packs. Each template has to run on one of them.
    With --url they are those of that ComfyUI, with whatever is installed in it.

    Exits with 1 if there is a fault.
    """
    found = {template.name: one for template, one in _fits(_templates(), url)}
    for name, one in found.items():
        for fault in one.faults:
            click.echo(str(fault))
        if one.place:
            click.echo(f"{name} runs on {one.place}", err=True)
    if any(one.faults for one in found.values()):
        raise SystemExit(1)
    click.echo("all templates are sound", err=True)


def _fits(found: Sequence[Template], url: str | None) -> list[tuple[Template, Fit]]:
    if url is None:
        return [(template, fit(template)) for template in found]
    schemas = asyncio.run(declared_schemas(url))
    audits = [(template, audit(template, schemas)) for template in found]
    return [(template, Fit("" if faults else url, faults)) for template, faults in audits]


@templates.command()
def golden() -> None:
    """Rewrite the committed graphs of every template's sample requests."""
    for path in rewrite_goldens(_templates(), GOLDENS):
        click.echo(path)
