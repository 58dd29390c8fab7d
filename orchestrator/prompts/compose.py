"""Prompt, model, style and character to the two texts that the diffusion model is told.

The order of the parts is that of `workflows/prompts/positive.j2` and `negative.j2`. What is filled
in is data: it is never rendered itself.
"""

import re
from collections.abc import Mapping

from orchestrator.models import Character, Model, Prompt, Style, Texts
from orchestrator.prompts.pieces import pieces
from orchestrator.prompts.texts import PARTS, fill

_EMBEDDING = re.compile("embedding:", re.IGNORECASE)  # CLIP text nodes load a file of that name


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


def _fill(name: str, parts: tuple[str, ...], texts: Mapping[str, str]) -> str:
    source = texts.get(name) or ", ".join(f"{{{{ {part} }}}}" for part in PARTS[name])
    filled = fill(name, source, dict(zip(PARTS[name], parts, strict=True)))
    return _EMBEDDING.sub("embedding ", ", ".join(pieces(filled)))
