"""Cards that extend others: each with all that it has from those that it builds on."""

import hashlib
from collections.abc import Mapping
from typing import Generic, Protocol, Self, TypeVar

from orchestrator.dropped import Dropped, Look
from orchestrator.errors import CardFault

PARENT = "extends"


class Card(Protocol):
    @property
    def extends(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def model_fields_set(self) -> set[str]: ...

    def evolve(self, **changes: object) -> Self: ...


C = TypeVar("C", bound=Card)


class Inheriting(Generic[C]):
    """A card that fits no longer to those that it extends is kept as it last was."""

    def __init__(self, dropped: Dropped[C]) -> None:
        self._dropped = dropped
        self._seen: Look[C] | None = None
        self._look: Look[C] = Look({}, {})

    def look(self) -> Look[C]:
        """The same object as before if nothing has changed. Blocks."""
        look = self._dropped.look()
        if look is not self._seen:
            self._seen, self._look = look, self._joined(look)
        return self._look

    def _joined(self, look: Look[C]) -> Look[C]:
        good: dict[str, C] = {}
        faults = dict(look.faults)
        for key, card in look.good.items():
            try:
                good[key] = joined(key, look.good)
            except CardFault as error:
                fault = self._dropped.misfit(key, PARENT, card.extends, str(error))
                faults[key] = (*faults.get(key, ()), fault)
                if key in self._look.good:
                    good[key] = self._look.good[key]
        return Look(good, faults)


def joined(key: str, cards: Mapping[str, C]) -> C:
    """The card, with what it does not say itself from those that it extends. Raises CardFault."""
    line = _lineage(key, cards)
    card = line[0]
    for child in line[1:]:
        card = card.evolve(**{name: getattr(child, name) for name in child.model_fields_set})
    if len(line) == 1:
        return card
    digests = "".join(ancestor.digest for ancestor in line)
    return card.evolve(digest=hashlib.sha256(digests.encode()).hexdigest())


def _lineage(key: str, cards: Mapping[str, C]) -> list[C]:
    """The card and those that it builds on, the oldest first."""
    keys = [key]
    while parent := cards[keys[0]].extends:
        if parent not in cards:
            raise CardFault(f"there is no {parent}")
        if parent in keys:
            raise CardFault(f"goes in a circle: {' → '.join([key, *keys[-2::-1], parent])}")
        keys.insert(0, parent)
    return [cards[name] for name in keys]
