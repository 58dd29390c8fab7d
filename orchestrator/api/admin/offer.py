"""What is served, what is not and why, as operators see it: what `imgen models` says, too."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orchestrator.api.admin.listing import Listing, listing, text_of
from orchestrator.models import Model, Shelf, Template
from orchestrator.ports import Ports


class Refused(NamedTuple):
    what: str  # a model, @character or file
    why: str

    @property
    def text(self) -> str:
        return f"{self.what} {self.why}"


@dataclass(frozen=True)
class Offer:
    models: Listing[Model]
    characters: Listing[str]
    loras: Listing[str]
    templates: Listing[str]
    refused: Listing[Refused]
    unfit: Listing[Refused]  # templates, whether or not a model needs them
    faults: Listing[str]  # files that are wrong; their last good version is served
    duplicates: Listing[str]  # files of the same content, group by group


def read_offer(shelf: Shelf, ports: Ports, faults: Sequence[str], query: str) -> Offer:
    """`shelf` is what is offered; `faults` are those of files that are not on it."""
    characters = [_character(name, c.families) for name, c in shelf.characters.items()]
    loras = [f"{lora.file} ({lora.family})" for lora in shelf.loras.values()]
    refused = [Refused(*pair) for pair in shelf.withheld.items()]
    unfit = list(_unfit(shelf.templates.values(), ports))
    return Offer(
        models=listing(list(shelf.models.values()), query, _model_text),
        characters=listing(characters, query, str),
        loras=listing(loras, query, str),
        templates=listing(list(shelf.templates), query, str),
        refused=listing(refused, query, text_of),
        unfit=listing(unfit, query, text_of),
        faults=listing(_other_faults([*shelf.faults, *faults], refused), query, str),
        duplicates=listing([" = ".join(files) for files in shelf.duplicates], query, str),
    )


def _character(name: str, families: Sequence[str]) -> str:
    return f"@{name} ({', '.join(families)})" if families else f"@{name}"


def _unfit(templates: Iterable[Template], ports: Ports) -> Iterator[Refused]:
    for template in templates:
        if fault := ports.audit.fault(template):
            yield Refused(f"templates/{template.name}.json", fault)


def _other_faults(faults: Sequence[str], refused: Sequence[Refused]) -> list[str]:
    """Those that are not yet told as the reason why something is not served."""
    reasons = {fault for row in refused for fault in row.why.split("; ")}
    return [fault for fault in faults if fault not in reasons]


def _model_text(model: Model) -> str:
    aliases = " ".join(model.aliases)
    return f"{model.key} {aliases} {model.label} {model.family} {model.template} {model.checkpoint}"
