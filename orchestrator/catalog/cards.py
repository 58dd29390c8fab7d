"""What operators and artists write: cards of models, families, styles and characters."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from orchestrator.catalog.signs import FAMILIES
from orchestrator.models import Character, LoraUse, Model, Style, Value

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth"})
PICKLE_REFUSED = "pickle files can run code when they are loaded; convert it to .safetensors"


def _weight_file(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix in PICKLES:
        raise ValueError(PICKLE_REFUSED)
    below = not path.is_absolute() and ".." not in path.parts
    if name and not (path.suffix == ".safetensors" and below):
        raise ValueError("must be a .safetensors file below its folder")
    return name


def _known_family(name: str) -> str:
    if name not in FAMILIES:
        raise ValueError(f"must be one of {', '.join(FAMILIES)}")
    return name


Family = Annotated[str, AfterValidator(_known_family)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
WeightFile = Annotated[str, AfterValidator(_weight_file)]
Steps = Annotated[int, Field(ge=1, le=150)]
Cfg = Annotated[float, Field(ge=1, le=30)]
SAMPLING = ("steps", "cfg", "sampler", "scheduler")  # fields of a style
_STRICT = ConfigDict(str_strip_whitespace=True, allow_inf_nan=False)


class LoraCard(LoraUse):
    model_config = _STRICT

    file: WeightFile


class StyleCard(Style):
    """A style of one model's card."""

    model_config = _STRICT

    label: str = ""  # else made of the key
    extends: str = ""  # key of a file in workflows/styles/
    families: tuple[Family, ...] = ()  # of the models that have the style; none: all
    loras: tuple[LoraCard, ...] = ()
    digest: str = ""

    def style(self, *, sampled_as: Style) -> Style:
        """What it does not say of the sampling is as in the other style."""
        unsaid = set(SAMPLING) - self.model_fields_set
        said = self.model_dump(include=set(Style.model_fields) - unsaid)
        sampling = sampled_as.model_dump(include=unsaid)
        return Style.model_validate({**said, **sampling, "label": self.label or titled(self.key)})


class SharedStyleCard(StyleCard):
    """`workflows/styles/<key>.yaml`"""

    key: Key


class Sampling(Value):
    """How models of a family, or of one kind within it, are sampled unless a card says else."""

    model_config = _STRICT

    steps: Steps = 20
    cfg: Cfg = 7.0
    sampler: str = "euler"
    scheduler: str = "normal"


class FamilyCard(Sampling):
    """`workflows/families/<family>.yaml`: what a file without a card of its own is served with."""

    key: Family
    label: str
    template: Key = ""  # else that of the family's name
    base_negative: str = ""
    default_style: str = "professional"
    kinds: Mapping[str, Sampling] = {}  # those that are sampled in another way: `schnell`, …
    digest: str = ""

    def sampling(self, kind: str) -> Style:
        """As a style that adds nothing."""
        chosen = self.kinds.get(kind, self)
        sampling = chosen.model_dump(include=set(SAMPLING))
        return Style.model_validate({"key": "plain", "label": "Plain", **sampling})


class ModelCard(Model):
    """`workflows/models/<key>.yaml`"""

    model_config = _STRICT

    key: Key
    styles: Mapping[Key, StyleCard] = Field(min_length=1)
    checkpoint: WeightFile = ""
    family: Family | Literal[""] = ""  # where the file itself does not tell
    companions: Mapping[str, WeightFile] = {}

    @field_validator("styles", mode="before")
    @classmethod
    def _name_styles(cls, styles: Any) -> Any:
        if not isinstance(styles, dict):
            return styles
        return {k: {"key": k, **s} if isinstance(s, dict) else s for k, s in styles.items()}

    @model_validator(mode="after")
    def _styles_fit(self) -> Self:
        if self.default_style not in self.styles:
            raise _misfit("there is no such style", "default_style")
        for key, style in self.styles.items():
            if style.key != key:
                raise _misfit("a style's key is its name", "styles", key, "key")
        return self


class CharacterCard(Character):
    """`workflows/characters/<name>.yaml`"""

    model_config = _STRICT

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
    extends: str = ""  # name of another character
    lora: WeightFile = ""
    families: tuple[Family, ...] = ()


def titled(key: str) -> str:
    """`soft-light` is `Soft light`."""
    return re.sub(r"[-_.\s]+", " ", key).strip().capitalize() or key


def _misfit(message: str, *at: str | int) -> PydanticCustomError:
    return PydanticCustomError("misfit", "{message}", {"message": message, "at": at})
