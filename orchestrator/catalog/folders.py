"""The two folders that people drop files into, read into a shelf."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestrator.catalog.formats import (
    read_character,
    read_model,
    read_template,
    read_text,
)
from orchestrator.catalog.shelf import best_first, character_lacks, model_lacks, without_card
from orchestrator.catalog.weights import Weights
from orchestrator.catalog.words import WordFolder
from orchestrator.dropped import Dropped, Look
from orchestrator.models import Model, Shelf

Check = Callable[[str, str], None]  # stem and text; raises ConfigurationError


def accept_any(_stem: str, _text: str) -> None:
    pass


class Folders:
    def __init__(
        self,
        workflows_dir: Path,
        models_dir: Path,
        *,
        default_model: str = "",
        check_text: Check = accept_any,
    ) -> None:
        def read_sound_text(stem: str, source: bytes) -> str:
            text = read_text(stem, source)
            check_text(stem, text)
            return text

        self.watched = (workflows_dir, models_dir)
        prompts = workflows_dir / "prompts"
        self._default_model = default_model
        self._models = Dropped(workflows_dir / "models", "*.yaml", read_model)
        self._characters = Dropped(workflows_dir / "characters", "*.yaml", read_character)
        self._templates = Dropped(workflows_dir / "templates", "*.json", read_template)
        self._texts = Dropped(prompts, "*.j2", read_sound_text)
        self._words = WordFolder(prompts)
        self._weights = Weights(models_dir)

    def read(self) -> Shelf:
        """What can be offered now. Blocks; reads only what has changed since the last time.

        A faulty file's last good version is kept for as long as this object lives.
        """
        models, characters = self._models.look(), self._characters.look()
        templates, texts, words = self._templates.look(), self._texts.look(), self._words.look()
        weights = self._weights.look()
        models_lack = {k: model_lacks(m, templates.good, weights) for k, m in models.good.items()}
        characters_lack = {k: character_lacks(c, weights) for k, c in characters.good.items()}
        served = best_first(
            (m for k, m in models.good.items() if not models_lack[k]), self._default_model
        )
        return Shelf(
            models=served,
            characters={k: c for k, c in characters.good.items() if not characters_lack[k]},
            templates=templates.good,
            texts=texts.good,
            words=words.good,
            withheld={
                **_never_good(models),
                **_reasons(models_lack),
                **_reasons({f"@{name}": reason for name, reason in characters_lack.items()}),
                **without_card(models.good.values(), weights),
            },
            faults=(
                *_faults(models, characters, templates, texts, words),
                *self._default_fault(served),
            ),
        )

    def _default_fault(self, served: Mapping[str, Model]) -> tuple[str, ...]:
        wanted = self._default_model
        if not wanted or any(wanted in (m.key, *m.aliases) for m in served.values()):
            return ()
        return (f"the default model {wanted} is not served",)


def _never_good(look: Look[Any]) -> dict[str, str]:
    return {k: "; ".join(faults) for k, faults in look.faults.items() if k not in look.good}


def _reasons(lacks: dict[str, str]) -> dict[str, str]:
    return {key: reason for key, reason in lacks.items() if reason}


def _faults(*looks: Look[Any]) -> tuple[str, ...]:
    return tuple(fault for look in looks for faults in look.faults.values() for fault in faults)
