"""`imgen publish`: changed cards, templates and rulesets to every process."""

import asyncio
import getpass
from collections.abc import Mapping
from pathlib import Path

import click

from orchestrator.models import Version
from orchestrator.settings import read_settings
from orchestrator.wiring.database import open_database
from orchestrator.wiring.fleet import make_published

FOLDERS = ("models", "families", "styles", "characters", "rulesets", "templates", "prompts")


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--author", default=getpass.getuser, help="Who is named in the history.")
def publish(files: tuple[Path, ...], author: str) -> None:
    """Check FILES and serve them in every process within 5 s.

    A file's path must end as it does below a workflows folder: characters/aya.yaml,
    my/templates/sdxl.json. Former versions are kept. Without a PostgreSQL the file is put into
    IMGEN_WORKFLOWS_DIR of this machine.
    """
    contents = {_path_below(file): file.read_text("utf-8") for file in files}
    for version in asyncio.run(_publish(contents, author)):
        click.echo(f"{version.path}: version {version.number}")


def _path_below(file: Path) -> str:
    """Its path below a workflows folder, whichever that is."""
    parts = file.absolute().parts
    folders = [number for number, part in enumerate(parts[:-1]) if part in FOLDERS]
    if not folders:
        raise click.BadParameter(f"{file} lies in none of {', '.join(FOLDERS)}")
    return "/".join(parts[folders[-1] :])


async def _publish(contents: Mapping[str, str], author: str) -> list[Version]:
    settings = read_settings()
    async with open_database(settings) as database:
        published = make_published(settings, database)
        return [
            await published.publish(path, content, author=author)
            for path, content in contents.items()
        ]
