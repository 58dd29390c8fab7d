"""`imgen check`: an operator's repository of workflows, in CI."""

from pathlib import Path

import click

from orchestrator.cli.prose import plain
from orchestrator.settings import read_settings
from orchestrator.wiring.offline import check_workflows


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def check(folder: Path | None) -> None:
    """Check a workflows folder as the service would read it.

    Looks at models/ families/ styles/ characters/ templates/ prompts/ rulesets/ in FOLDER, or in
    IMGEN_WORKFLOWS_DIR, and prints every fault with file, line and field. Templates are held
    against the nodes of the packaged ComfyUI. No service and no weights are needed.

    Exits with 1 if anything is wrong.
    """
    faults = check_workflows(folder or read_settings().workflows_dir)
    for fault in faults:
        click.echo(plain(fault))
    if faults:
        raise SystemExit(1)
    click.echo("all files are sound", err=True)
