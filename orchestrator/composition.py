"""What a request comes to: its prompt parsed, its texts composed, everything else decided."""

import secrets
import string
from dataclasses import dataclass

from orchestrator.errors import InvalidField, Unavailable
from orchestrator.models import (
    Character,
    LoraUse,
    Model,
    PictureName,
    Plan,
    Prompt,
    Request,
    Shelf,
    Style,
    Texts,
)
from orchestrator.ports import Ports
from orchestrator.prompts import compose, parse
from orchestrator.workflows import Bindings, Finish, build, pictures_of

GEN_ID_ALPHABET = string.ascii_lowercase + string.digits
NOBODY = Character(name="")


@dataclass(frozen=True)
class Composition:
    """A request as it would be drawn: its catalog entries found, its texts composed."""

    request: Request
    raw: str  # the request's prompt, or what it was enhanced to
    prompt: Prompt
    model: Model
    style: Style
    character: Character
    texts: Texts
    shelf: Shelf
    unenhanced: str | None = None  # the positive text before it was made richer, if it was


def composed(
    request: Request, shelf: Shelf, ports: Ports, *, raw: str | None = None
) -> Composition:
    """`raw` takes the place of the request's prompt. Raises PromptRequired, InvalidCharacter,
    Unavailable."""
    model = shelf.model(request.model)
    if model is None:
        raise Unavailable("No model is served")
    raw = request.prompt if raw is None else raw
    prompt = parse(raw, characters=shelf.cast(model), unknown=ports.policy.unknown_character)
    style = model.style(request.style)
    character = shelf.characters.get(prompt.character, NOBODY)
    texts = compose(
        prompt,
        model=model,
        style=style,
        character=character,
        negative=request.negative,
        texts=shelf.texts,
    )
    return Composition(request, raw, prompt, model, style, character, texts, shelf)


def plan_of(composition: Composition, ports: Ports) -> Plan:
    """Decide everything that is left: what is planned here is drawn, whatever changes later.
    Raises InvalidField."""
    request, model, style = composition.request, composition.model, composition.style
    template = composition.shelf.templates[model.template]
    bindings = bindings_of(composition)
    watermark_id = secrets.token_hex(8)
    finish = Finish(
        payload=ports.marks.payload(watermark_id), output=request.output, brand=request.brand
    )
    graph = build(template, bindings, finish=finish)
    for name in request.pictures.keys() - pictures_of(graph):
        raise InvalidField(name, reason=f"{model.key} does not draw from it")
    return Plan(
        prompt=composition.prompt,
        raw=composition.raw,
        texts=composition.texts,
        model=model.key,
        model_label=model.label,
        style=style.key,
        checkpoint=model.checkpoint,
        weights=(*model.weights, *(f"loras/{use.file}" for use in bindings.loras)),
        template=template.name,
        template_digest=template.digest,
        card_digest=model.digest,
        character_digest=composition.character.digest,
        seed=request.seed,
        steps=bindings.steps,
        cfg=bindings.cfg,
        sampler=bindings.sampler,
        scheduler=bindings.scheduler,
        gen_id="".join(secrets.choice(GEN_ID_ALPHABET) for _ in range(20)),
        watermark_id=watermark_id,
        graph=graph,
        optimized=composition.raw != request.prompt,
        unenhanced=composition.unenhanced,
        run_limit=model.run_limit,
    )


def bindings_of(composition: Composition) -> Bindings:
    """Raises InvalidField."""
    request, model, style = composition.request, composition.model, composition.style
    return Bindings(
        positive=composition.texts.positive,
        negative=composition.texts.negative,
        seed=request.seed,
        width=request.output.width,
        height=request.output.height,
        steps=request.steps or style.steps,
        cfg=style.cfg if request.cfg is None else request.cfg,
        sampler=style.sampler,
        scheduler=style.scheduler,
        checkpoint=model.checkpoint,
        companions=model.companions,
        loras=_loras(composition),
        **{name.value: name.value for name in request.pictures},
        strength=request.strength if PictureName.INIT in request.pictures else 1.0,
        model=model.key,
        style=style.key,
        character=composition.character.name,
    )


def _loras(composition: Composition) -> tuple[LoraUse, ...]:
    model, character, asked = composition.model, composition.character, composition.request.loras
    for use in asked:
        lora = composition.shelf.loras.get(use.file)
        if lora is None or not lora.fits(model):
            raise InvalidField("loras", reason=f"{use.file[:100]} is none for {model.key}")
    own = (LoraUse(file=character.lora, weight=character.weight),) if character.lora else ()
    return (*composition.style.loras, *own, *asked)
