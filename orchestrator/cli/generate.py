"""`imgen generate`: one picture, with a progress bar."""

import asyncio
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from orchestrator.cli.client import Client, Refused
from orchestrator.settings import ADMIN_KEY_FILE, Settings, read_settings


@click.command()
@click.argument("prompt")
@click.option("--model", default="", help="A key of `imgen models`; default: the first.")
@click.option("--style", default="", help="A style of that model.")
@click.option("--size", default="1344x768", show_default=True, help="WIDTHxHEIGHT.")
@click.option("--format", "form", default="jpeg", show_default=True, help="jpeg png webp avif")
@click.option("--seed", type=int, help="The same seed makes the same picture.")
@click.option(
    "--use-cache", is_flag=True, help="An earlier picture of much the same prompt will do."
)
@click.option("--cache-only", is_flag=True, help="Only an earlier picture will do.")
@click.option("--cache-force", is_flag=True, help="However different its prompt was.")
@click.option("--cache-pick", type=click.IntRange(1, 10), default=5, help="Of so many, any.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("out"))
@click.option("--url", envvar="IMGEN_URL", help="The service (default: the one configured here).")
@click.option("--key", envvar="IMGEN_API_KEY", help="API key (default: admin.key beside the data).")
def generate(prompt: str, *, url: str | None, key: str | None, out: Path, **wishes: Any) -> None:
    """Make a picture from PROMPT and save it.

    \b
    @name   draws a known character        -term   is kept out of the picture
    Example: imgen generate "@aya red coat, snowy street, -umbrella" --seed 7
    """
    settings = read_settings()
    client = Client(
        url or service_url(settings),
        key or admin_key(settings),
    )
    for file in asyncio.run(_generate(client, prompt, out, wishes)):
        click.echo(file)


def service_url(settings: Settings) -> str:
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def admin_key(settings: Settings) -> str:
    file = settings.data_dir / ADMIN_KEY_FILE
    try:
        return file.read_text().strip()
    except OSError:
        raise Refused(f"Give --key or IMGEN_API_KEY: {file} can't be read") from None


async def _generate(client: Client, prompt: str, out: Path, wishes: dict[str, Any]) -> list[Path]:
    async with client:
        job = await client.call("generate", prompt=prompt, **_fields(wishes))
        meta = await _followed(client, job)
        return [await _saved(client, image, out) for image in meta["images"]]


def _fields(wishes: dict[str, Any]) -> dict[str, Any]:
    width, _, height = wishes["size"].partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise Refused("--size is WIDTHxHEIGHT, such as 1344x768")
    fields = {
        "model": wishes["model"],
        "style": wishes["style"],
        "format": wishes["form"],
        "width": int(width),
        "height": int(height),
        "use_cache": wishes["use_cache"] or wishes["cache_only"],
        **{name: wishes[name] for name in ("cache_only", "cache_force", "cache_pick")},
    }
    return fields if wishes["seed"] is None else {**fields, "seed": wishes["seed"]}


async def _followed(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("waiting", total=None)
        async for status in client.follow(job):
            step = status.get("progress")
            if step:
                bar.update(
                    task, description=step["node"], completed=step["step"], total=step["steps"]
                )
            else:
                bar.update(task, description=status["status"].lower().replace("_", " "))
    if "meta" not in status:
        raise Refused(": ".join(filter(None, (status["error"], status.get("reason")))))
    meta: dict[str, Any] = status["meta"]
    return meta


async def _saved(client: Client, image: dict[str, str], out: Path) -> Path:
    file = out / Path(image["filename"]).name
    data = await client.download(image["url"])
    await asyncio.to_thread(_write, file, data)
    return file


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
