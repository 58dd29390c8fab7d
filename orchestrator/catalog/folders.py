"""The two folders that people drop files into, read into a shelf."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from orchestrator.catalog.cards import CharacterCard, FamilyCard, ModelCard, SharedStyleCard
from orchestrator.catalog.described import styled
from orchestrator.catalog.duplicates import duplicates
from orchestrator.catalog.formats import (
    read_character,
    read_family,
    read_model,
    read_style,
    read_template,
    read_text,
)
from orchestrator.catalog.inheritance import Inheriting
from orchestrator.catalog.needs import equipped
from orchestrator.catalog.shelf import (
    best_first,
    loras,
    offered_characters,
    offered_models,
    unusable,
)
from orchestrator.catalog.stock import Stock
from orchestrator.catalog.weights import UNREAD, Weights
from orchestrator.catalog.words import WordFolder
from orchestrator.dropped import Dropped, Look
from orchestrator.edge_ports import WeightSource
from orchestrator.errors import CardFault
from orchestrator.models import Model, Shelf, Template, WeightFacts, Words

Card = TypeVar("Card", ModelCard, FamilyCard)
Check = Callable[[str, str], None]  # stem and text; raises ConfigurationError


def accept_any(_stem: str, _text: str) -> None:
    pass


@dataclass(frozen=True)
class Looks:
    """All folders, as they were found at one moment."""

    models: Look[ModelCard]
    families: Look[FamilyCard]
    styles: Look[SharedStyleCard]
    characters: Look[CharacterCard]
    templates: Look[Template]
    texts: Look[str]
    words: Look[Words]
    weights: Mapping[str, WeightFacts]

    @property
    def faults(self) -> tuple[str, ...]:
        looks = (getattr(self, field.name) for field in fields(self))
        return tuple(
            fault
            for look in looks
            if isinstance(look, Look)
            for faults in look.faults.values()
            for fault in faults
        )


class Folders:
    def __init__(
        self,
        workflows_dir: Path,
        models_dir: Path,
        *,
        default_model: str = "",
        check_text: Check = accept_any,
        weights: WeightSource | None = None,
    ) -> None:
        """`weights`: where they lie, if not only in the models folder of this host."""

        def read_sound_text(stem: str, source: bytes) -> str:
            text = read_text(stem, source)
            check_text(stem, text)
            return text

        self.watched = (workflows_dir, models_dir)
        prompts = workflows_dir / "prompts"
        self._default_model = default_model
        self._models = Dropped(workflows_dir / "models", "*.yaml", read_model)
        self._families = Dropped(workflows_dir / "families", "*.yaml", read_family)
        self._styles = Inheriting(Dropped(workflows_dir / "styles", "*.yaml", read_style))
        characters = Dropped(workflows_dir / "characters", "*.yaml", read_character)
        self._characters = Inheriting(characters)
        self._templates = Dropped(workflows_dir / "templates", "*.json", read_template)
        self._texts = Dropped(prompts, "*.j2", read_sound_text)
        self._words = WordFolder(prompts)
        self._weights = weights or Weights(models_dir)
        self._looks: Looks | None = None
        self._styled: dict[str, Model] = {}
        self._made = Shelf()

    def read(self) -> Shelf:
        """What can be offered now. Blocks; reads only what has changed since the last time.

        A faulty file's last good version is kept for as long as this object lives.
        """
        looks = self._look()
        if looks != self._looks:
            self._looks, self._made = looks, self._assembled(looks)
        return self._made

    def read_all(self) -> Shelf:
        """As `read`, however long it takes to open files that nobody has read yet."""
        while any_unread(shelf := self.read()):
            pass
        return shelf

    def misfits(self) -> tuple[str, ...]:
        """Faults of cards that are told apart from those of the files, as what is missing may
        still come: templates that are not there."""
        looks = self._look()
        models = _without_template(self._models, looks.models, looks.templates)
        families = _without_template(self._families, looks.families, looks.templates)
        return (*models.values(), *families.values())

    def _look(self) -> Looks:
        return Looks(
            models=self._models.look(),
            families=self._families.look(),
            styles=self._styles.look(),
            characters=self._characters.look(),
            templates=self._templates.look(),
            texts=self._texts.look(),
            words=self._words.look(),
            weights=self._weights.look(),
        )

    def _assembled(self, looks: Looks) -> Shelf:
        stock = Stock(
            templates=looks.templates.good,
            weights=looks.weights,
            families=looks.families.good,
            styles=looks.styles.good,
        )
        misfits = self._style(looks.models.good, stock)
        models = offered_models(self._styled.values(), stock)
        served = best_first(models.served, self._default_model)
        characters = offered_characters(looks.characters.good.values(), stock)
        return Shelf(
            models=served,
            characters={character.name: character for character in characters.served},
            loras=loras(looks.weights),
            templates=looks.templates.good,
            texts=looks.texts.good,
            words=looks.words.good,
            weights=looks.weights,
            duplicates=duplicates(looks.weights),
            withheld={
                **dict(unusable(looks.weights)),
                **_never_good(looks.models),
                **models.withheld,
                **_without_template(self._models, looks.models, looks.templates),
                **characters.withheld,
            },
            faults=(
                *looks.faults,
                *misfits,
                *(f"{file}: {facts.note}" for file, facts in looks.weights.items() if facts.note),
                *self._default_fault(served),
            ),
        )

    def _style(self, cards: Mapping[str, ModelCard], stock: Stock) -> tuple[str, ...]:
        """Join cards with the styles that they extend; a card that can't be is kept as it was."""
        former, self._styled = self._styled, {}
        misfits = []
        for key, card in cards.items():
            try:
                self._styled[key] = styled(equipped(card, stock), stock)
            except CardFault as error:
                reason = f"there is no style {error}"
                misfits.append(self._models.misfit(key, "extends", str(error), reason))
                if key in former:
                    self._styled[key] = former[key]
        return tuple(misfits)

    def _default_fault(self, served: Mapping[str, Model]) -> tuple[str, ...]:
        wanted = self._default_model
        if not wanted or any(wanted in (m.key, *m.aliases) for m in served.values()):
            return ()
        return (f"the default model {wanted} is not served",)


def any_unread(shelf: Shelf) -> bool:
    return any(facts.fault == UNREAD for facts in shelf.weights.values())


def _without_template(
    dropped: Dropped[Card], cards: Look[Card], templates: Look[Template]
) -> dict[str, str]:
    """By card, the fault in it if its template is not there."""
    return {
        key: dropped.misfit(key, "template", card.template, f"there is no template {card.template}")
        for key, card in cards.good.items()
        if card.template and card.template not in templates.good
    }


def _never_good(look: Look[ModelCard]) -> dict[str, str]:
    return {k: "; ".join(faults) for k, faults in look.faults.items() if k not in look.good}
