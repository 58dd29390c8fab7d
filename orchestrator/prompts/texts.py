"""Fills the texts of `workflows/prompts/*.j2`. What is filled in is data: it is never rendered
itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from traceback import extract_tb

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orchestrator.errors import TemplateFault

PARTS: Mapping[str, tuple[str, ...]] = {  # what a file may name, by stem up to the first dot
    "positive": ("trigger", "character_positive", "prompt", "style_quality"),
    "negative": (
        "base_negative",
        "style_negative",
        "character_negative",
        "prompt_negatives",
        "explicit_negative",
    ),
    "enhance": ("model", "style", "style_quality", "character"),
}

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
_environment.globals.clear()


def fill(name: str, source: str, values: Mapping[str, str]) -> str:
    """Raises TemplateFault with file, line and reason."""
    with _faults(f"{name}.j2: "):
        return _template(source).render(values)


def check(name: str, source: str) -> None:
    """Try the source of `<name>.j2`. Raises TemplateFault with line and reason."""
    with _faults():
        template = _template(source)
        kind = name.partition(".")[0]
        if kind in PARTS:
            template.render(dict.fromkeys(PARTS[kind], "x"))


@lru_cache(maxsize=64)
def _template(source: str) -> Template:
    return _environment.from_string(source)


@contextmanager
def _faults(where: str = "") -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever an expression in the file raises
        reason = str(error.message if isinstance(error, TemplateSyntaxError) else error)
        raise TemplateFault(f"{where}line {_line(error)}: {reason}") from error


def _line(error: Exception) -> int:
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = extract_tb(error.__traceback__)
    return max((f.lineno or 0 for f in frames if f.filename == "<template>"), default=1)
