"""`imgen secrets`: what the processes of a fleet share."""

import secrets as random

import click

NAMES = (
    "IMGEN_SECRETS__LINK_KEY",
    "IMGEN_SECRETS__WATERMARK_KEY",
    "IMGEN_SECRETS__SESSION_KEY",
)


@click.command()
def secrets() -> None:
    """Print new secrets for an environment file; keep nothing.

    All processes on one PostgreSQL need the same ones. They need the same signing certificate and
    key too, which your certificate authority gives: IMGEN_CREDENTIALS__CERTIFICATE and
    IMGEN_CREDENTIALS__KEY name the files.

    \b
    Example: imgen secrets > fleet.env
    """
    for name in NAMES:
        click.echo(f"{name}={random.token_hex(32)}")
