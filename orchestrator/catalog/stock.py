"""What there is to make an offer from, and what of it a model needs. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from orchestrator.catalog.cards import FamilyCard, StyleCard
from orchestrator.models import Role, Template, WeightFacts

FOLDERS: Mapping[Role, tuple[str, ...]] = {  # where ComfyUI looks for files of a role
    Role.CHECKPOINT: ("checkpoints", "diffusion_models", "unet"),
    Role.DIFFUSION_MODEL: ("diffusion_models", "unet"),
    Role.LORA: ("loras",),
    Role.VAE: ("vae",),
    Role.TEXT_ENCODER: ("text_encoders", "clip"),
    Role.CLIP_VISION: ("clip_vision",),
    Role.CONTROLNET: ("controlnet", "t2i_adapter"),
    Role.IP_ADAPTER: ("ipadapter",),
    Role.UPSCALER: ("upscale_models",),
    Role.EMBEDDING: ("embeddings",),
}
VAES = {  # whose VAE a family takes, where it is not its own
    "sd2": "sd15",
    "chroma": "flux",
    "z_image": "flux",
    "lumina2": "flux",
}
LOADERS = {"ckpt_name": ("checkpoints",), "unet_name": ("diffusion_models", "unet")}
VAE = "vae"
MISSING = "is not in the models folder"

_WANTED = re.compile(r"\bcompanions\s*(?:\.\s*|\[\s*\\?['\"])(\w+)")


@dataclass(frozen=True)
class Stock:
    templates: Mapping[str, Template]
    weights: Mapping[str, WeightFacts]
    families: Mapping[str, FamilyCard]
    styles: Mapping[str, StyleCard]

    def lack(self, file: str) -> str:
        """Why the file can't be used; empty if it can."""
        facts = self.weights.get(file)
        reason = MISSING if facts is None else facts.fault
        return f"{file} {reason}" if reason else ""

    def place(self, name: str, folders: Iterable[str]) -> str:
        """The file of that name in the first of the folders that has it."""
        places = [f"{folder}/{name}" for folder in folders]
        return next((place for place in places if place in self.weights), places[0])

    def companion(self, kind: str, family: str) -> str:
        """The file below its folder that the models of a family load; empty: there is none."""
        return self._companions.get((kind, VAES.get(family, family) if kind == VAE else ""), "")

    @cached_property
    def _companions(self) -> Mapping[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for file, facts in sorted(self.weights.items()):
            folder, _, name = file.partition("/")
            if facts.fault or folder not in FOLDERS.get(facts.role or Role.LORA, ()):
                continue
            if facts.role is Role.VAE:
                found.setdefault((VAE, facts.family), name)
            elif facts.role is Role.TEXT_ENCODER:
                found.setdefault((facts.kind, ""), name)
        return found

    @cached_property
    def wanted(self) -> Mapping[str, tuple[str, ...]]:
        """By template, the kinds of files that it loads beside the checkpoint."""
        return {
            name: tuple(dict.fromkeys(_WANTED.findall(json.dumps(template.graph))))
            for name, template in self.templates.items()
        }

    @cached_property
    def loads_from(self) -> Mapping[str, tuple[str, ...]]:
        """By template, the folders that it loads the checkpoint from."""
        return {name: _loads_from(template) for name, template in self.templates.items()}


def _loads_from(template: Template) -> tuple[str, ...]:
    names = {name for node in template.graph.values() for name in node.get("inputs", ())}
    return next((folders for name, folders in LOADERS.items() if name in names), ("checkpoints",))


def role_name(role: Role) -> str:
    return role.replace("_", " ")


def companion_folders(kind: str) -> tuple[str, ...]:
    return FOLDERS[Role.VAE if kind == VAE else Role.TEXT_ENCODER]
