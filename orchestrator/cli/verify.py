"""`imgen verify FILE`: was this picture made here?"""

import asyncio
import sys
from pathlib import Path

import click

from orchestrator.settings import read_settings
from orchestrator.wiring.offline import inspect_picture


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def verify(file: Path, *, as_json: bool) -> None:
    """Say whether the picture FILE was made here.

    Its content credentials, invisible watermark and fingerprint are read, each for itself. Exits
    with 1 if neither credentials nor watermark are ours.
    """
    report = asyncio.run(inspect_picture(file.read_bytes(), read_settings()))
    click.echo(report.model_dump_json(indent=2) if as_json else report.text)
    sys.exit(0 if report.made_here else 1)
