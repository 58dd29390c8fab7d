"""Sentences on a terminal: wrapped to its width, and whole where a program reads them."""

import shutil
import sys

import click


def say(text: str, *, indent: int, lead: str = "") -> None:
    """`lead` stands before the first line, in the place of its indent."""
    if not sys.stdout.isatty():
        click.echo((lead or " " * indent) + text)
        return
    wrapped = click.wrap_text(
        text,
        shutil.get_terminal_size().columns,
        initial_indent=lead or " " * indent,
        subsequent_indent=" " * indent,
    )
    click.echo(wrapped)
