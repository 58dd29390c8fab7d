"""Reads the settings, names what is wrong with them, and shows them."""

import re
import tomllib
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from orchestrator.errors import ConfigurationError
from orchestrator.settings.settings import Settings

PASSWORD = re.compile(r"(//[^/@:,\s]*:)[^/@,\s]*@")  # in an address


def read_settings() -> Settings:
    """Raises ConfigurationError that names every wrong setting."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{_name(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise ConfigurationError("\n".join(lines)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"imgen.toml: {error}") from None
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Every setting as (environment name, value, description); secrets are masked."""
    return _rows(settings, prefix="IMGEN_")


def _rows(group: BaseModel, *, prefix: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            rows += _rows(value, prefix=f"{prefix}{name.upper()}__")
        else:
            rows.append((prefix + name.upper(), _shown(value), field.description or ""))
    return rows


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return PASSWORD.sub(r"\1***@", text)


def _name(location: tuple[int | str, ...]) -> str:
    return "IMGEN_" + "__".join(str(part).upper() for part in location)
