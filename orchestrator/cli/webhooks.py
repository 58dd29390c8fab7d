"""`imgen webhooks …`: what was sent to the receivers of callers. Works beside a running service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from rich.table import Column

from orchestrator.cli.tables import show_table
from orchestrator.jobs.outbox import JobOutbox
from orchestrator.models import Delivery
from orchestrator.settings import read_settings
from orchestrator.wiring.database import open_database


@click.group()
def webhooks() -> None:
    """Show and repeat webhooks.

    When a job with a `webhook_url` has ended, its receiver is told: at once, and if it does not
    answer 2xx, seven times more within 24 hours. Then the webhook is DEAD, and waits here.
    """


@webhooks.command("list")
@click.option("--dead", is_flag=True, help="Only those that were given up.")
def show(*, dead: bool) -> None:
    """Show the latest webhooks, newest first."""

    async def run() -> list[Delivery]:
        async with _opened() as outbox:
            return await outbox.list(dead=dead)

    whole = Column("id", no_wrap=True, min_width=len("msg_") + 32)  # to be copied
    receiver = Column("receiver", overflow="fold")
    show_table(
        *(whole, receiver, "state", "tries", "next try", "last error"),
        rows=map(_cells, asyncio.run(run())),
    )


def _cells(delivery: Delivery) -> tuple[str, ...]:
    return (
        delivery.id,
        delivery.host,
        delivery.state,
        str(delivery.tries),
        f"{delivery.due:%Y-%m-%d %H:%M:%S}" if delivery.due else "",
        delivery.error,
    )


@webhooks.command()
@click.argument("webhook_id", metavar="ID")
def retry(webhook_id: str) -> None:
    """Send the webhook ID again within seconds, with all its tries."""

    async def run() -> None:
        async with _opened() as outbox:
            await outbox.retry(webhook_id)

    asyncio.run(run())
    click.echo(f"{webhook_id}: will be sent", err=True)


@asynccontextmanager
async def _opened() -> AsyncIterator[JobOutbox]:
    async with open_database(read_settings()) as database:
        yield JobOutbox(database)
