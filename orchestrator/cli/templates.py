"""`imgen templates …`: workflow templates, their audit and their golden graphs."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import click
from PIL import Image

from orchestrator import durable_files
from orchestrator.catalog import read_shelf
from orchestrator.catalog.formats import read_template
from orchestrator.cli.prose import plain
from orchestrator.cli.tables import show_table
from orchestrator.errors import ConfigurationError
from orchestrator.models import Template
from orchestrator.settings import HOME, read_settings
from orchestrator.wiring.audit import declared_schemas
from orchestrator.workflows import Fit, audit, fit, propose, rewrite_goldens
from orchestrator.workflows.render import malformed

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
LARGEST = 64 << 20  # bytes of a file to import
GOLDENS = HOME / "tests" / "workflows" / "golden"


@click.group()
def templates() -> None:
    """List, check and render workflow templates."""


def _templates() -> list[Template]:
    settings = read_settings()
    shelf = read_shelf(settings.workflows_dir, settings.models_dir)
    for fault in shelf.faults:
        click.echo(f"fault: {plain(fault)}", err=True)
    return list(shelf.templates.values())


@templates.command("list")
def show() -> None:
    """Name every template, its nodes, where it runs and its digest."""
    show_table("template", "nodes", "runs on", "digest", rows=map(_cells, _templates()))


def _cells(template: Template) -> tuple[str, ...]:
    place = fit(template).place or "nothing that we know of: imgen templates check"
    return template.name, str(len(template.graph)), place, template.digest[:12]


@templates.command()
@click.option("--url", help="Of a ComfyUI that runs, such as http://127.0.0.1:8188.")
def check(url: str | None) -> None:
    """Hold every template against the nodes that it needs; list all faults.

    Without --url the nodes are those that we know of: of the packaged ComfyUI, of an official
    release, and of some node packs. Each template has to run on one of them.

    With --url they are those of that ComfyUI, with whatever is installed in it.

    Exits with 1 if there is a fault.
    """
    found = {template.name: one for template, one in _fits(_templates(), url)}
    for name, one in found.items():
        for fault in one.faults:
            click.echo(plain(str(fault)))
        if one.place:
            click.echo(f"{name} runs on {one.place}", err=True)
    if any(one.faults for one in found.values()):
        raise SystemExit(1)
    click.echo("all templates are sound", err=True)


def _fits(found: Sequence[Template], url: str | None) -> list[tuple[Template, Fit]]:
    if url is None:
        return [(template, fit(template)) for template in found]
    schemas, release = asyncio.run(declared_schemas(url))
    audits = [(template, audit(template, schemas, release)) for template in found]
    return [(template, Fit("" if faults else url, faults)) for template, faults in audits]


@templates.command()
def golden() -> None:
    """Rewrite the committed graphs of every template's sample requests."""
    for path in rewrite_goldens(_templates(), GOLDENS):
        click.echo(path)


@templates.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Of the template (default: that of the file).")
def import_(file: Path, name: str | None) -> None:
    """Make a template of a graph in FILE and say what was bound.

    FILE is a graph that ComfyUI exported in its API format, or a PNG that it saved, which has the
    graph in it. Seed, steps, size, texts and checkpoint become what each request asks for; the
    saved picture becomes the Imgen Output. Look at the result in the ComfyUI page.

    \b
    Example: imgen templates import ComfyUI_00001_.png --name portrait
    """
    target = read_settings().workflows_dir / "templates" / f"{_safe_name(name or file.stem)}.json"
    graph, done = propose(_imported(target.stem, file).graph)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        durable_files.create(
            target, json.dumps(graph, indent=2, ensure_ascii=False) + "\n", mode=0o666
        )
    except FileExistsError:
        raise click.ClickException(f"{target} is there already: choose another --name") from None
    for line in [*done, f"written: {target}"]:
        click.echo(line)


def _imported(name: str, file: Path) -> Template:
    try:
        template = read_template(name, _graph_in(file))
    except ConfigurationError as error:
        raise click.ClickException(f"{file}: {error}") from error
    for fault in malformed(template):
        raise click.ClickException(f"{file}: {fault}")
    return template


def _safe_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise click.BadParameter(f"{name!r} is no name of a template: use letters, digits, _ . -")
    return name


def _graph_in(file: Path) -> bytes:
    """The text of the graph."""
    if not file.is_file() or file.stat().st_size > LARGEST:
        raise click.ClickException(f"{file} is no ordinary file of at most {LARGEST >> 20} MiB")
    if file.suffix.lower() != ".png":
        return file.read_bytes()
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            picture.load()  # the text may come after the pixels
            graph = getattr(picture, "text", {}).get("prompt", "")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise click.ClickException(f"{file} is no PNG that can be read: {error}") from error
    if not graph:
        raise click.ClickException(f"{file} has no graph of ComfyUI in it")
    return str(graph).encode()
