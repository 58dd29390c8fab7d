"""What a model needs besides its card, and whether it is there. Pure."""

from typing import TypeVar

from orchestrator.catalog.stock import VAE, Stock, companion_folders, role_name
from orchestrator.models import LoraUse, Model, Role, WeightFacts

M = TypeVar("M", bound=Model)


def equipped(model: M, stock: Stock) -> M:
    """The model with what the weights that lie there say of it, and the files that go with it."""
    if not model.checkpoint or model.template not in stock.templates:
        return model
    file = stock.place(model.checkpoint, stock.loads_from[model.template])
    facts = stock.weights.get(file, WeightFacts())
    family = model.family or facts.family
    found = {kind: stock.companion(kind, family) for kind in stock.wanted[model.template]}
    companions = {**found, **model.companions}
    beside = (stock.place(n, companion_folders(kind)) for kind, n in companions.items())
    return model.evolve(family=family, companions=companions, weights=(file, *beside))


def model_lacks(model: Model, stock: Stock) -> str:
    """Why the model can't be offered; empty if it can."""
    if model.template not in stock.templates:
        return f"there is no template {model.template}"
    for kind, name in model.companions.items():
        if not name:
            return _without(kind, model.family)
    files = [f"loras/{use.file}" for style in model.styles.values() for use in style.loras]
    reasons = [lack for file in (*model.weights, *files) if (lack := stock.lack(file))]
    if not reasons and model.weights:
        reasons.append(_misfit(model, model.weights[0], stock))
    for style in model.styles.values():
        reasons += [_lora_misfit(use, model.family, stock) for use in style.loras]
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _misfit(model: Model, file: str, stock: Stock) -> str:
    facts = stock.weights[file]
    if facts.role is Role.DIFFUSION_MODEL and file.startswith("checkpoints/"):
        return f"{file} holds a diffusion model alone: move it to diffusion_models/"
    if facts.role not in (None, Role.CHECKPOINT, Role.DIFFUSION_MODEL):
        return f"{file} is a {role_name(facts.role)}"
    if model.template in stock.families and model.family not in ("", model.template):
        return f"{file} is a model of {model.family}, and the template one of {model.template}"
    return ""


def _without(kind: str, family: str) -> str:
    folder = companion_folders(kind)[0]
    what = f"a VAE of {family}" if kind == VAE else f"the text encoder {kind}"
    return f"needs {what}: drop it into {folder}/"


def _lora_misfit(use: LoraUse, family: str, stock: Stock) -> str:
    facts = stock.weights.get(f"loras/{use.file}", WeightFacts())
    if not family or not facts.family or facts.family == family:
        return ""
    return f"loras/{use.file} is for models of {facts.family}, not {family}"
