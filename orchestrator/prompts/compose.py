"""Prompt, model, style and character to the two texts that the diffusion model is told.

The order of the parts is that of `workflows/prompts/positive.j2` and `negative.j2`. What is filled
in is data: it is never rendered itself.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from traceback import extract_tb

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orchestrator.errors import TemplateFault
from orchestrator.models import Character, Model, Prompt, Style, Texts
from orchestrator.prompts.pieces import pieces

PARTS: Mapping[str, tuple[str, ...]] = {  # in the contract's order, which holds without the files
    "positive": ("trigger", "character_positive", "prompt", "style_quality"),
    "negative": (
        "base_negative",
        "style_negative",
        "character_negative",
        "prompt_negatives",
        "explicit_negative",
    ),
}

_EMBEDDING = re.compile("embedding:", re.IGNORECASE)  # CLIP text nodes load a file of that name

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
_environment.globals.clear()


def compose(
    prompt: Prompt,
    *,
    model: Model,
    style: Style,
    character: Character,
    negative: str,
    texts: Mapping[str, str],
) -> Texts:
    """`texts` are the sources of positive.j2 and negative.j2 by stem. Raises TemplateFault."""
    positive_parts = (character.trigger, character.positive, prompt.positive, style.quality)
    negative_parts = (
        model.base_negative,
        style.negative_extra,
        character.negative,
        ", ".join(prompt.negatives),
        negative,
    )
    return Texts(
        positive=_fill("positive", positive_parts, texts),
        negative=_fill("negative", negative_parts, texts),
    )


def check(name: str, source: str) -> None:
    """Try the source of `<name>.j2`. Raises TemplateFault with line and reason."""
    with _faults():
        template = _template(source)
        if name in PARTS:
            template.render(dict.fromkeys(PARTS[name], "x"))


def _fill(name: str, parts: tuple[str, ...], texts: Mapping[str, str]) -> str:
    source = texts.get(name) or ", ".join(f"{{{{ {part} }}}}" for part in PARTS[name])
    with _faults(f"{name}.j2: "):
        filled = _template(source).render(zip(PARTS[name], parts, strict=True))
    return _EMBEDDING.sub("embedding ", ", ".join(pieces(filled)))


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
