"""`imgen random`: prompts made up from the word lists, to try the lists."""

from random import Random

import click

from orchestrator.cli.prose import plain
from orchestrator.prompts import random_prompt
from orchestrator.settings import read_settings
from orchestrator.wiring.offline import read_offer


@click.command()
@click.option("--character", help="Only with this one; '' for nobody. Default: any.")
@click.option("--model", default="", help="With the words of this model (default: the first).")
@click.option("--seed", type=int, help="The same seed draws the same prompts.")
@click.option("--count", default=1, show_default=True, help="How many.")
def random(character: str | None, model: str, seed: int | None, count: int) -> None:
    """Draw prompts from the word lists in workflows/prompts.

    \b
    Example: imgen random --character aya --count 5
    """
    shelf = read_offer(read_settings())
    for fault in shelf.faults:
        click.echo(f"fault: {plain(fault)}", err=True)
    served, rng = shelf.model(model), Random(seed)  # noqa: S311  not a secret
    key = served.key if served else ""
    for _ in range(count):
        click.echo(random_prompt(rng, shelf=shelf, character=character, model=key))
