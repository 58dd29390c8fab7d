"""What can be asked for: models, styles, characters and the templates that draw them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from orchestrator.models.request import LoraUse
from orchestrator.models.value import Graph, Value
from orchestrator.models.weights import WeightFacts


class Style(Value):
    key: str
    label: str
    quality: str = ""  # tags after the prompt
    negative_extra: str = ""
    steps: int = Field(default=20, ge=1, le=150)
    cfg: float = Field(default=7.0, ge=1, le=30)
    sampler: str = "euler"
    scheduler: str = "normal"
    loras: tuple[LoraUse, ...] = ()


class Model(Value):
    key: str
    label: str
    template: str
    default_style: str
    styles: Mapping[str, Style]
    checkpoint: str = ""  # file below the folder it is loaded from; empty: the template needs none
    family: str = ""  # of its checkpoint: `sdxl`, `flux`, …; empty: unknown, or no learned weights
    companions: Mapping[str, str] = {}  # files that the template loads beside it, by kind: `vae`, …
    weights: tuple[str, ...] = ()  # checkpoint and companions, by path below the models folder
    base_negative: str = ""
    run_limit: float | None = Field(default=None, ge=1, le=86_400)  # seconds; else the service's
    aliases: tuple[str, ...] = ()
    order: int = 1000  # the lowest is the default
    digest: str = ""  # SHA-256 of the card

    def style(self, key: str) -> Style:
        return self.styles.get(key) or self.styles[self.default_style]


class Lora(Value):
    file: str  # below the loras folder
    label: str
    family: str
    triggers: tuple[str, ...] = ()  # words that call what it has learned

    def fits(self, model: Model) -> bool:
        return model.family in ("", self.family)


class Character(Value):
    name: str
    trigger: str = ""
    positive: str = ""
    negative: str = ""
    lora: str = ""  # file below the loras folder
    weight: float = 1.0
    families: tuple[str, ...] = ()  # of the models that can draw it; none: all
    digest: str = ""

    def fits(self, model: Model) -> bool:
        return not self.families or model.family in ("", *self.families)


class Template(Value):
    """A workflow file as dropped: ComfyUI's API format with Jinja in its strings."""

    name: str
    graph: Graph
    digest: str  # SHA-256 of the file


Words = Mapping[str, tuple[str, ...]]  # lists by name; an entry may draw from other lists


@dataclass(frozen=True)
class Cast:
    characters: Mapping[str, Character]
    model: Model

    def __contains__(self, name: object) -> bool:
        character = self.characters.get(name) if isinstance(name, str) else None
        return character is not None and character.fits(self.model)


class Shelf(Value):
    """All that can be asked for at one moment; replaced as a whole when a file changes."""

    models: Mapping[str, Model] = {}  # served, best first
    characters: Mapping[str, Character] = {}
    loras: Mapping[str, Lora] = {}  # by file
    templates: Mapping[str, Template] = {}
    texts: Mapping[str, str] = {}  # workflows/prompts/*.j2 by stem: how texts are composed
    words: Mapping[str, Words] = {}  # for everybody (""), a character ("@aya"), a model ("sdxl")
    weights: Mapping[str, WeightFacts] = {}  # by path below the models folder
    duplicates: tuple[tuple[str, ...], ...] = ()  # of those, the ones with the same content
    withheld: Mapping[str, str] = {}  # model key, @character or file -> why it is not offered
    faults: tuple[str, ...] = ()  # files that are wrong; their last good version is served

    def cast(self, model: Model) -> Cast:
        """The characters that the model can draw."""
        return Cast(self.characters, model)

    def model(self, key: str) -> Model | None:
        """The model of that key or alias, else the first; None if nothing is served."""
        named = self.models.get(key) or next(
            (m for m in self.models.values() if key in m.aliases), None
        )
        return named or next(iter(self.models.values()), None)
