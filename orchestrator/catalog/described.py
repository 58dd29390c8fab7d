"""Models that nobody has written a card for: the file says what it is, the rest is its family's."""

import hashlib
import re
from collections.abc import Iterator

from orchestrator.catalog.cards import FamilyCard, ModelCard, StyleCard, titled
from orchestrator.catalog.needs import equipped
from orchestrator.catalog.stock import Stock
from orchestrator.errors import CardFault
from orchestrator.models import Model, Role, Style, WeightFacts

AFTER_ALL_CARDS = 2**31  # as order
FOLDERS = ("checkpoints", "diffusion_models", "unet")
LONGEST_KEY = 64
PARTIAL = {  # kinds that can't paint from words alone
    "refiner": "is a refiner: it finishes the pictures of others",
    "depth": "needs a picture to start from",
    "edit": "needs a picture to start from",
    "fill": "needs a picture to start from",
    "control": "needs a picture to start from",
}


def styled(card: ModelCard, stock: Stock) -> Model:
    """The model with its styles as they are drawn, and those that all models have.
    Raises CardFault with the style that is extended and not there."""
    own = {key: _joined(style, stock) for key, style in card.styles.items()}
    shared = _shared_styles(card, own[card.default_style], stock) if card.checkpoint else {}
    said = {name: getattr(card, name) for name in Model.model_fields}
    return _digested(Model.model_validate({**said, "styles": shared | own}))


def _joined(style: StyleCard, stock: Stock) -> Style:
    if not style.extends:
        return style.style(sampled_as=style)
    if style.extends not in stock.styles:
        raise CardFault(style.extends)
    said = {name: getattr(style, name) for name in style.model_fields_set}
    full = stock.styles[style.extends].evolve(**said)
    return full.style(sampled_as=full)


def _shared_styles(model: Model, default: Style, stock: Stock) -> dict[str, Style]:
    return {
        key: style.style(sampled_as=default)
        for key, style in stock.styles.items()
        if not style.families or model.family in style.families
    }


def _digested(model: Model) -> Model:
    """Under a digest of all that makes its pictures, wherever it was written."""
    said = model.model_dump_json(exclude={"order", "aliases"})
    return model.evolve(digest=hashlib.sha256(said.encode()).hexdigest())


def described(stock: Stock, *, carded: frozenset[str]) -> Iterator[tuple[str, Model | str]]:
    """By file, the model that it is, or why it is none. `carded` are those that cards name."""
    for file, facts in sorted(stock.weights.items()):
        folder = file.partition("/")[0]
        if folder in FOLDERS and file not in carded and not facts.fault:
            if refusal := _refusal(facts, folder):
                yield file, refusal
            elif facts.role in (Role.CHECKPOINT, Role.DIFFUSION_MODEL):
                yield file, _model(file, facts, stock)


def _refusal(facts: WeightFacts, folder: str) -> str:
    if facts.role is Role.DIFFUSION_MODEL and folder == "checkpoints":
        return "holds a diffusion model alone: move it to diffusion_models/"
    if facts.role in (Role.CHECKPOINT, Role.DIFFUSION_MODEL, None) and not facts.family:
        kind = f" ({facts.kind})" if facts.kind else ""
        return f"is of no family that we know{kind}: write workflows/models/<key>.yaml"
    return PARTIAL.get(facts.kind, "")


def _model(file: str, facts: WeightFacts, stock: Stock) -> Model | str:
    folder, _, name = file.partition("/")
    family = stock.families.get(facts.family)
    if family is None:
        return f"there is no workflows/families/{facts.family}.yaml"
    template = _template(family, folder, stock)
    if not template:
        return f"no template {family.template or family.key} loads from {folder}/"
    plain = family.sampling(facts.kind)
    model = Model(
        key=key_of(name),
        label=facts.title or titled(name.removesuffix(".safetensors")),
        template=template,
        checkpoint=name,
        family=facts.family,
        base_negative=family.base_negative,
        default_style=plain.key,
        styles={plain.key: plain},
        order=AFTER_ALL_CARDS,
    )
    styles = _shared_styles(model, plain, stock) or model.styles
    default = family.default_style if family.default_style in styles else next(iter(styles))
    return _digested(equipped(model.evolve(styles=styles, default_style=default), stock))


def _template(family: FamilyCard, folder: str, stock: Stock) -> str:
    """The family's, or its sister for whole checkpoints where the family's loads the parts."""
    name = family.template or family.key
    if name not in stock.templates:
        return name
    fit = (t for t in (name, f"{name}_checkpoint") if folder in stock.loads_from.get(t, ()))
    return next(fit, "")


def key_of(name: str) -> str:
    """`Anime/Soft Light v2.safetensors` is `anime-soft-light-v2`: always the same for a file,
    whatever lies beside it."""
    plain = re.sub(r"[^a-z0-9._]+", "-", name.removesuffix(".safetensors").lower())
    return plain.strip("-._")[:LONGEST_KEY].rstrip("-._") or "model"
