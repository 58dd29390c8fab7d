"""Words on a terminal: wrapped to its width, whole where a program reads them, and never obeyed."""

import shutil
import sys

import click


def plain(text: str) -> str:
    """In one line; names of files and words of callers may hold escape sequences."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


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
