"""Tables on a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Column, Table

from orchestrator.cli.prose import plain


def show_table(
    *columns: Column | str, rows: Iterable[Sequence[str]], title: str | None = None
) -> None:
    """The cells as they are: what looks like rich's markup in a name is a part of the name."""
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*map(plain, row))
    Console(markup=False, emoji=False, highlight=False).print(table)
