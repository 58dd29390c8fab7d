"""`imgen cache …`: the earlier pictures that a running service may hand out again."""

import asyncio
from typing import Any

import click

from orchestrator.cli.client import Client
from orchestrator.cli.generate import admin_key, service_url
from orchestrator.settings import read_settings


@click.group()
def cache() -> None:
    """Look into, clear and rebuild the cache of a running service.

    \b
    Example: imgen cache stats
    """


@cache.command()
def stats() -> None:
    """How many pictures are remembered, and how often one was handed out."""
    for name, value in _ask("GET", "/api/cache").items():
        click.echo(f"{name:10}{value}")


@cache.command()
def clear() -> None:
    """Forget all pictures that were made until now. They stay where they are stored."""
    _ask("DELETE", "/api/cache")


@cache.command()
def reindex() -> None:
    """Begin again from the job records, in the background; also after `clear`."""
    _ask("POST", "/api/cache/reindex")
    click.echo("started; `imgen cache stats` shows how far it is", err=True)


def _ask(method: str, path: str) -> dict[str, Any]:
    settings = read_settings()

    async def run() -> dict[str, Any]:
        async with Client(service_url(settings), admin_key(settings)) as client:
            return await client.ask(method, path)

    return asyncio.run(run())
