"""Reads the settings, names what is wrong with them, and shows them."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from orchestrator.errors import ConfigurationError
from orchestrator.settings.settings import Settings

PASSWORD = re.compile(r"(//[^/@:,\s]*:)[^/@,\s]*@")  # in an address
OUTSIDE = ("IMGEN_API_KEY", "IMGEN_TORCH_INDEX", "IMGEN_URL")  # are read by others


def read_settings() -> Settings:
    """Raises ConfigurationError that names every wrong setting."""
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{_name(fault['loc'])}: {_reason(fault['msg'])}" for fault in error.errors()]
        raise ConfigurationError("\n".join(lines)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"imgen.toml: {error}") from None
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None


def _refuse_unknown(names: Iterable[str]) -> None:
    """A misspelt name would be a setting that silently does nothing."""
    known = [f"IMGEN_{name.upper()}" for name in Settings.model_fields] + list(OUTSIDE)
    for name in sorted(name.upper() for name in names):
        setting = name.partition("__")[0]
        if name.startswith("IMGEN_") and setting not in known:
            near = difflib.get_close_matches(setting, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"{name}: there is no such setting{hint}")


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
    """Of the setting; its list may have several values, which have no names."""
    return "IMGEN_" + "__".join(part.upper() for part in location if isinstance(part, str))


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")
