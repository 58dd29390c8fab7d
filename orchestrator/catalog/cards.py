"""What operators and artists write: cards of models and characters."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from orchestrator.models import Character, LoraUse, Model, Style

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


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
WeightFile = Annotated[str, AfterValidator(_weight_file)]
_STRICT = ConfigDict(str_strip_whitespace=True, allow_inf_nan=False)


class LoraCard(LoraUse):
    model_config = _STRICT

    file: WeightFile


class StyleCard(Style):
    model_config = _STRICT

    loras: tuple[LoraCard, ...] = ()


class ModelCard(Model):
    """`workflows/models/<key>.yaml`"""

    model_config = _STRICT

    key: Key
    styles: Mapping[Key, StyleCard] = Field(min_length=1)
    checkpoint: WeightFile = ""

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
    lora: WeightFile = ""


def _misfit(message: str, *at: str | int) -> PydanticCustomError:
    return PydanticCustomError("misfit", "{message}", {"message": message, "at": at})
