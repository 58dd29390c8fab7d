"""`imgen models`: what is served, and what is not."""

import click
from rich.console import Console
from rich.table import Table

from orchestrator.settings import read_settings
from orchestrator.wiring.offline import read_offer


@click.command()
def models() -> None:
    """List what is served, and what is not and why.

    Files with the same content are named once a running service has compared them.
    """
    shelf = read_offer(read_settings())
    console = Console()
    served = Table("model", "label", "family", "styles", "weights", "also known as", title="Served")
    for model in shelf.models.values():
        served.add_row(
            model.key,
            model.label,
            model.family,
            ", ".join(model.styles),
            model.checkpoint or "none needed",
            ", ".join(model.aliases),
        )
    console.print(served)
    withheld = Table("what", "why", title="Not served")
    for key, reason in shelf.withheld.items():
        withheld.add_row(key, reason)
    console.print(withheld)
    console.print("Characters:", ", ".join(shelf.characters) or "none")
    loras = (f"{lora.file} ({lora.family})" for lora in shelf.loras.values())
    console.print("LoRAs:", ", ".join(loras) or "none")
    for files in shelf.duplicates:
        console.print("Same content:", ", ".join(files))
    for fault in shelf.faults:
        console.print(f"[red]fault[/red] {fault}")
