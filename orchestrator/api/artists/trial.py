"""A template as it is on the page, filled as a request would fill it: an artist's drafts."""

import secrets
from collections.abc import Iterable
from typing import Any

from orchestrator.api.fields import Fields
from orchestrator.api.v2.request import LONGEST_NAME, SEEDS, read_prompt
from orchestrator.composition import bindings_of, composed
from orchestrator.errors import InvalidField, Rejected, TemplateFault
from orchestrator.models import Caller, Character, Graph, Model, Request, Shelf, Template
from orchestrator.pipeline import refuse_unsafe
from orchestrator.ports import Ports
from orchestrator.workflows import build_draft


def choices(name: str, shelf: Shelf) -> dict[str, Any]:
    """The models that use the template, or all if none does yet, and who can be drawn."""
    models = shelf.models.values()
    users = [model for model in models if model.template == name] or models
    return {
        "models": [_model(model) for model in users],
        "characters": [_character(c, users) for c in shelf.characters.values()],
    }


def _model(model: Model) -> dict[str, Any]:
    return {
        "key": model.key,
        "label": model.label,
        "style": model.default_style,
        "styles": [{"key": style.key, "label": style.label} for style in model.styles.values()],
    }


def _character(character: Character, models: Iterable[Model]) -> dict[str, Any]:
    """`unfit`: the models that can't draw it."""
    unfit = [model.key for model in models if not character.fits(model)]
    return {"name": character.name, "unfit": unfit}


def read_trial(fields: Fields, shelf: Shelf, *, longest_prompt: int) -> Request:
    """Raises PromptRequired, InvalidField."""
    prompt = read_prompt(fields, longest=longest_prompt)
    key = fields.short_text("model", longest=LONGEST_NAME)
    if key not in shelf.models:
        raise InvalidField("model")
    model = shelf.models[key]
    style = fields.short_text("style", longest=LONGEST_NAME)
    if style and style not in model.styles:
        raise InvalidField("style")
    character = fields.short_text("character", longest=LONGEST_NAME)
    if character and character not in shelf.cast(model):
        raise InvalidField("character")
    return Request(
        prompt=f"@{character} {prompt}" if character else prompt,
        seed=secrets.randbelow(SEEDS),
        model=key,
        style=style,
    )


async def trial_graph(template: Template, request: Request, artist: Caller, ports: Ports) -> Graph:
    """What ComfyUI is to run for a draft. The finishing chain is left out, so that neither a
    payload nor the secret behind it reaches the page. Raises Rejected, Unavailable."""
    ruleset = ports.compliance.resolve(request.ruleset, allowed=artist.rulesets)
    request = request.evolve(ruleset=ruleset)
    composition = composed(request, ports.catalog.shelf(), ports)
    await refuse_unsafe(composition, ports)
    try:
        return build_draft(template, bindings_of(composition))
    except TemplateFault as fault:  # only with these values: the audit found none
        raise Rejected(fault.message) from fault
