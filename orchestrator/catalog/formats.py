"""One function for each kind of dropped file: from its stem and bytes to its value.

All raise ConfigurationError, one fault a line.
"""

import hashlib

from pydantic import ValidationError
from pydantic_core import from_json

from orchestrator.catalog.cards import CharacterCard, FamilyCard, ModelCard, SharedStyleCard
from orchestrator.dropped import text_of
from orchestrator.errors import TemplateFault
from orchestrator.models import Template
from orchestrator.yaml_file import read_yaml


def read_model(key: str, source: bytes) -> ModelCard:
    return read_yaml(text_of(source), ModelCard, given={"key": key, "digest": _digest(source)})


def read_family(key: str, source: bytes) -> FamilyCard:
    return read_yaml(text_of(source), FamilyCard, given={"key": key, "digest": _digest(source)})


def read_style(key: str, source: bytes) -> SharedStyleCard:
    return read_yaml(
        text_of(source), SharedStyleCard, given={"key": key, "digest": _digest(source)}
    )


def read_character(name: str, source: bytes) -> CharacterCard:
    return read_yaml(
        text_of(source), CharacterCard, given={"name": name, "digest": _digest(source)}
    )


def read_text(_: str, source: bytes) -> str:
    return text_of(source)


def read_template(name: str, source: bytes) -> Template:
    try:
        return Template(name=name, graph=from_json(text_of(source)), digest=_digest(source))
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        at = ".".join(str(step) for step in wrong["loc"])
        raise TemplateFault(f"is not ComfyUI's API format: {at}: {wrong['msg']}") from error
    except ValueError as error:
        raise TemplateFault(str(error)) from error


def _digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()
