"""`imgen keys …`: who may use the API. Works beside a running service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from rich.table import Column

from orchestrator.cli.tables import show_table
from orchestrator.jobs.keys import ApiKeys, Key, Tier
from orchestrator.jobs.webhook_secrets import JobWebhookSecrets
from orchestrator.settings import read_settings
from orchestrator.wiring.database import open_database


@click.group()
def keys() -> None:
    """Create, list and switch API keys."""


@keys.command()
@click.argument("name")
@click.option(
    "--tier", type=click.Choice([t.value for t in Tier]), default=Tier.FREE.value, show_default=True
)
@click.option("--ruleset", "rulesets", multiple=True, help="A ruleset it may name; repeatable.")
@click.option("--admin", is_flag=True, help="Sees every job, may use admin pages.")
@click.option("--artist", is_flag=True, help="May edit workflow templates.")
def create(name: str, *, tier: str, rulesets: tuple[str, ...], admin: bool, artist: bool) -> None:
    """Make a key and print it, and nothing else. It can't be shown again."""

    async def run() -> str:
        async with _opened() as api_keys:
            allowed = frozenset({"default", *rulesets})
            return await api_keys.create(
                name, tier=Tier(tier), rulesets=allowed, admin=admin, artist=artist
            )

    click.echo(asyncio.run(run()))


@keys.command("list")
def show() -> None:
    """Show all keys, without their secrets."""

    async def run() -> list[Key]:
        async with _opened() as api_keys:
            return await api_keys.list()

    name = Column("name", overflow="fold")  # to be copied
    show_table(
        *(name, "tier", "enabled", "rights", "requests", "last used", "rulesets"),
        rows=map(_cells, asyncio.run(run())),
    )


def _cells(key: Key) -> tuple[str, ...]:
    rights = [right for right in ("admin", "artist") if getattr(key, right)]
    return (
        key.name,
        key.tier,
        "yes" if key.enabled else "no",
        ", ".join(rights),
        str(key.requests),
        f"{key.last_used:%Y-%m-%d %H:%M}" if key.last_used else "never",
        ", ".join(sorted(key.rulesets)),
    )


@keys.command()
@click.argument("name")
def disable(name: str) -> None:
    """Refuse a key until it is enabled again."""
    _change("disable", name)


@keys.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled key in again."""
    _change("enable", name)


@keys.command()
@click.argument("name")
def delete(name: str) -> None:
    """Forget a key. Its jobs stay, for admins to see."""
    _change("delete", name)


@keys.command("webhook-secret")
@click.argument("name")
@click.option("--rotate", is_flag=True, help="Make a new one; the former signs beside it.")
def webhook_secret(name: str, *, rotate: bool) -> None:
    """Print what signs the webhooks of a key, and nothing else.

    Give it to the receiver, which verifies with it that a webhook is ours. Webhooks are signed with
    the former secret too, so that a receiver may change over when it suits it.
    """

    async def run() -> str:
        async with open_database(read_settings()) as database:
            secrets = JobWebhookSecrets(database)
            return await (secrets.rotate(name) if rotate else secrets.show(name))

    click.echo(asyncio.run(run()))


def _change(verb: str, name: str) -> None:
    async def run() -> None:
        async with _opened() as api_keys:
            await getattr(api_keys, verb)(name)

    asyncio.run(run())
    click.echo(f"{name}: {verb}d", err=True)


@asynccontextmanager
async def _opened() -> AsyncIterator[ApiKeys]:
    async with open_database(read_settings()) as database, ApiKeys(database) as api_keys:
        yield api_keys
