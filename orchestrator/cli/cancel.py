"""`imgen cancel`: end a job that waits or runs."""

import asyncio

import click

from orchestrator.cli.client import Client
from orchestrator.cli.generate import admin_key, service_url
from orchestrator.settings import read_settings


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--url", envvar="IMGEN_URL", help="The service (default: the one configured here).")
@click.option("--key", envvar="IMGEN_API_KEY", help="API key (default: admin.key beside the data).")
def cancel(job_id: str, *, url: str | None, key: str | None) -> None:
    """End the job ID, and print how it has ended.

    One that had ended before stays as it is.
    """
    settings = read_settings()
    client = Client(url or service_url(settings), key or admin_key(settings))
    click.echo(asyncio.run(_cancelled(client, job_id)))


async def _cancelled(client: Client, job_id: str) -> str:
    async with client:
        return str((await client.call("cancel", id=job_id))["status"])
