"""Which of the models, characters and LoRAs can be offered, and in which order. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from orchestrator.catalog.described import described
from orchestrator.catalog.needs import model_lacks
from orchestrator.catalog.stock import FOLDERS, Stock, role_name
from orchestrator.models import Character, Lora, Model, Role, WeightFacts

T = TypeVar("T")


@dataclass(frozen=True)
class Offer(Generic[T]):
    served: tuple[T, ...]
    withheld: Mapping[str, str]  # what, and why


def best_first(models: Iterable[Model], default: str) -> dict[str, Model]:
    """The default, then by `order`; those without learned weights only after all others."""

    def rank(model: Model) -> tuple[bool, bool, bool, int, str]:
        key, aliases = model.key, model.aliases
        return key != default, default not in aliases, not model.checkpoint, model.order, key

    return {model.key: model for model in sorted(models, key=rank)}


def offered_models(cards: Iterable[Model], stock: Stock) -> Offer[Model]:
    """Those of cards, and those of files that no card names."""
    served: dict[str, Model] = {}
    withheld: dict[str, str] = {}
    carded = {model.key: model for model in cards}
    for key, model in carded.items():
        if reason := model_lacks(model, stock):
            withheld[key] = reason
        else:
            served[key] = model
    for file, found in described(stock, carded=_files(carded.values(), stock)):
        if isinstance(found, str):
            withheld[file] = found
        elif found.key in carded or found.key in served:
            withheld[file] = f"there is another model {found.key}: rename the file or write a card"
        elif reason := model_lacks(found, stock):
            withheld[file] = reason
        else:
            served[found.key] = found
    return Offer(tuple(served.values()), withheld)


def _files(cards: Iterable[Model], stock: Stock) -> frozenset[str]:
    return frozenset(
        stock.place(card.checkpoint, stock.loads_from.get(card.template, ("checkpoints",)))
        for card in cards
        if card.checkpoint
    )


def offered_characters(cards: Iterable[Character], stock: Stock) -> Offer[Character]:
    served: list[Character] = []
    withheld: dict[str, str] = {}
    for card in cards:
        character = character_of(card, stock)
        if reason := character_lacks(character, stock):
            withheld[f"@{card.name}"] = reason
        else:
            served.append(character)
    return Offer(tuple(served), withheld)


def character_of(card: Character, stock: Stock) -> Character:
    """The character with what its LoRA says: for which models it is, and what calls it."""
    facts = stock.weights.get(f"loras/{card.lora}") if card.lora else None
    if facts is None:
        return card
    families = card.families or ((facts.family,) if facts.family else ())
    return card.evolve(families=families, trigger=card.trigger or ", ".join(facts.triggers))


def character_lacks(character: Character, stock: Stock) -> str:
    """Why the character can't be drawn by any model; empty if it can."""
    if not character.lora:
        return ""
    file = f"loras/{character.lora}"
    family = stock.weights.get(file, WeightFacts()).family
    if family and family not in character.families:
        wanted = " or ".join(character.families)
        return f"{file} is for models of {family}, and the card for those of {wanted}"
    return stock.lack(file)


def loras(weights: Mapping[str, WeightFacts]) -> dict[str, Lora]:
    found = {}
    for file, facts in weights.items():
        folder, _, name = file.partition("/")
        if folder == "loras" and facts.role is Role.LORA and facts.family and not facts.fault:
            label = facts.title or name.removesuffix(".safetensors")
            found[name] = Lora(file=name, label=label, family=facts.family, triggers=facts.triggers)
    return found


def unusable(weights: Mapping[str, WeightFacts]) -> Iterator[tuple[str, str]]:
    """Files that are refused or lie where they are not looked for, with the reason."""
    for file, facts in weights.items():
        reason = facts.fault or _misplaced(file, facts)
        if reason:
            yield file, reason


def _misplaced(file: str, facts: WeightFacts) -> str:
    folder = file.partition("/")[0]
    if folder == "loras" and (facts.role is None or (facts.role is Role.LORA and not facts.family)):
        return "is for no family of models that we know"
    if facts.role is None or folder in FOLDERS[facts.role] or folder not in _LOOKED_INTO:
        return ""
    return f"is a {role_name(facts.role)}: move it to {FOLDERS[facts.role][0]}/"


_LOOKED_INTO = frozenset(folder for folders in FOLDERS.values() for folder in folders)
