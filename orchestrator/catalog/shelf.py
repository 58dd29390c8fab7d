"""Which of the cards can be offered, and in which order. Pure."""

from collections.abc import Iterable, Mapping

from orchestrator.models import Character, Model

MODEL_FOLDERS = ("checkpoints", "diffusion_models")


def best_first(models: Iterable[Model], default: str) -> dict[str, Model]:
    """The default, then by `order`; those without learned weights only after all others."""

    def rank(model: Model) -> tuple[bool, bool, bool, int, str]:
        key, aliases = model.key, model.aliases
        return key != default, default not in aliases, not model.checkpoint, model.order, key

    return {model.key: model for model in sorted(models, key=rank)}


def model_lacks(model: Model, templates: Iterable[str], weights: Mapping[str, str]) -> str:
    """Why the model can't be offered; empty if it can."""
    if model.template not in templates:
        return f"there is no template {model.template}"
    files = [f"checkpoints/{model.checkpoint}"] if model.checkpoint else []
    files += [f"loras/{use.file}" for style in model.styles.values() for use in style.loras]
    return _unusable(files, weights)


def character_lacks(character: Character, weights: Mapping[str, str]) -> str:
    return _unusable([f"loras/{character.lora}"] if character.lora else [], weights)


def without_card(models: Iterable[Model], weights: Mapping[str, str]) -> dict[str, str]:
    """Models that lie there but are not offered, and every file that is refused."""
    carded = {f"checkpoints/{model.checkpoint}" for model in models}
    return {
        file: fault or "no card: write workflows/models/<key>.yaml"
        for file, fault in weights.items()
        if file not in carded and (fault or file.split("/")[0] in MODEL_FOLDERS)
    }


def _unusable(files: Iterable[str], weights: Mapping[str, str]) -> str:
    missing = "is not in the models folder"
    reasons = (f"{file} {fault}" for file in files if (fault := weights.get(file, missing)))
    return "; ".join(dict.fromkeys(reasons))
