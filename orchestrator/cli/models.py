"""`imgen models`: what is served, and what is not."""

from collections.abc import Iterator

import click

from orchestrator.cli.prose import plain, say
from orchestrator.cli.tables import show_table
from orchestrator.models import Shelf
from orchestrator.settings import read_settings
from orchestrator.wiring.offline import read_offer


@click.command()
def models() -> None:
    """List what is served, and what is not and why.

    Files with the same content are named once a running service has compared them.
    """
    shelf = read_offer(read_settings())
    show_table(
        *("model", "label", "family", "styles", "weights", "also known as"),
        rows=_served(shelf),
        title="Served",
    )
    show_table("what", "why", rows=shelf.withheld.items(), title="Not served")
    _show_line("Characters", ", ".join(shelf.characters) or "none")
    loras = (f"{lora.file} ({lora.family})" for lora in shelf.loras.values())
    _show_line("LoRAs", ", ".join(loras) or "none")
    for files in shelf.duplicates:
        _show_line("Same content", ", ".join(files))
    for fault in shelf.faults:
        _show_line("fault", fault)


def _served(shelf: Shelf) -> Iterator[tuple[str, ...]]:
    for model in shelf.models.values():
        yield (
            model.key,
            model.label,
            model.family,
            ", ".join(model.styles),
            model.checkpoint or "none needed",
            ", ".join(model.aliases),
        )


def _show_line(what: str, words: str) -> None:
    say(plain(words), indent=2, lead=f"{what}: ")
