"""What a file of weights is, told by its header alone. The rules are in `signs`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from orchestrator.catalog.headers import Header, Shape
from orchestrator.catalog.signs import (
    DIFFUSION,
    DIFFUSION_PREFIXES,
    LORA,
    OTHERS,
    TEXT_ENCODER_PREFIXES,
    VAE_PREFIXES,
    WORDS,
)
from orchestrator.models import Role

_NUMBER = re.compile(r"(?<![^._])\d+(?![^._])")
_SIGN = re.compile(r"(?P<absent>!?)(?P<name>[^\[]+)(?:\[(?P<sizes>[^\]]+)\])?")
_LORA_PREFIX = re.compile(
    r"(?:base_model\.model\.)?(?:unet\.)?(?:base_model\.model\.)?"
    r"(?:lora_unet_|lora_transformer_|lycoris_|model\.diffusion_model\.|diffusion_model\."
    r"|transformer\.)?"
)
_LORA_PART = re.compile(
    r"[._](?P<part>lora\d?[._](?:down|up)(?:\.weight)?|lora_[AB](?:\.default)?(?:\.weight)?"
    r"|hada_w[12]_[ab]|lokr_w[12](?:_[ab])?|oft_(?:blocks|diag)|diff)$"
)
# SD 1.5 has one block in a row, SDXL up to ten; Flux has 19, Qwen-Image 60
_DEEP_UNET = re.compile(
    r"(?:attentions|put_blocks|middle_block)[._#\d]+transformer_blocks[._][1-9]"
)
_DEEP_TRANSFORMER = re.compile(r"(?<!single_)transformer_blocks[._](?:19|[2-5]\d)[._]")


@dataclass(frozen=True)
class Recognised:
    role: Role | None = None  # None: nothing that we know
    family: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Sign:
    name: str
    matches: Callable[[str], object]  # whether a name fits one with a `*`
    sizes: tuple[int | None, ...]
    absent: bool

    def holds(self, kinds: Mapping[str, Iterable[Shape]]) -> bool:
        if "*" not in self.name:
            found = any(self._fits(shape) for shape in kinds.get(self.name, ()))
        else:
            found = any(
                self.matches(name) and self._fits(shape)
                for name, shapes in kinds.items()
                for shape in shapes
            )
        return found is not self.absent

    def _fits(self, shape: Shape) -> bool:
        return len(shape) >= len(self.sizes) and all(
            wanted in (None, size) for wanted, size in zip(self.sizes, shape, strict=False)
        )


@cache
def signs(text: str) -> tuple[Sign, ...]:
    return tuple(_sign(word) for word in text.split())


def _sign(word: str) -> Sign:
    parsed = _SIGN.fullmatch(word)
    if parsed is None:
        raise ValueError(f"{word} is no sign")
    name, sizes = parsed["name"], parsed["sizes"]
    pattern = re.compile(".*".join(re.escape(part) for part in name.split("*")))
    return Sign(
        name=name,
        matches=pattern.fullmatch,
        sizes=tuple(None if s == "_" else int(s) for s in sizes.split(",")) if sizes else (),
        absent=bool(parsed["absent"]),
    )


def recognise(header: Header, *, hint: str = "") -> Recognised:
    """`hint` is what else is said of the base model: a file's name, a sidecar."""
    kinds = kinds_of(header.shapes)
    layers = dict(_lora_layers(kinds))
    shapes = {kind: {header.shapes[name] for name in names} for kind, names in kinds.items()}
    if layers and "lora_controlnet" not in kinds:
        return Recognised(Role.LORA, _lora_family(layers, header, hint))
    return _other(shapes, header, hint) or _diffusion(shapes) or Recognised()


def kinds_of(names: Iterable[str]) -> dict[str, list[str]]:
    """Names by what they are with every number as `#`."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(_NUMBER.sub("#", name), []).append(name)
    return kinds


def family_said(*words: str) -> str | None:
    """The family that a maker's words name; "" is one that we have nothing for."""
    text = " ".join(words).lower()
    return next((family for family, said in WORDS if re.search(said, text)), None)


def _other(kinds: Mapping[str, set[Shape]], header: Header, hint: str) -> Recognised | None:
    for role, family, kind, text in OTHERS:
        if all(sign.holds(kinds) for sign in signs(text)):
            known = family or (_vae_family(kind, hint) if role is Role.VAE else "")
            return Recognised(role, known or _said(header, hint, default=known), kind)
    return None


def _vae_family(kind: str, hint: str) -> str:
    """Those of one size differ in nothing but their numbers, so names have to tell."""
    said = family_said(hint)
    if kind == "16 channels":
        return "sd3" if said == "sd3" else "flux"
    if kind == "4 channels":
        return "sdxl" if said == "sdxl" or "xl" in hint.lower() else "sd15"
    return ""


def _diffusion(kinds: Mapping[str, set[Shape]]) -> Recognised | None:
    for prefix in DIFFUSION_PREFIXES:
        below = {n.removeprefix(prefix): s for n, s in kinds.items() if n.startswith(prefix)}
        for family, kind, text in DIFFUSION:
            if below and all(sign.holds(below) for sign in signs(text)):
                whole = _has(kinds, TEXT_ENCODER_PREFIXES) and _has(kinds, VAE_PREFIXES)
                role = Role.CHECKPOINT if whole else Role.DIFFUSION_MODEL
                return Recognised(role, family, kind)
    return None


def _has(kinds: Iterable[str], prefixes: tuple[str, ...]) -> bool:
    return any(name.startswith(prefixes) for name in kinds)


def _said(header: Header, hint: str, *, default: str = "") -> str:
    architecture = header.metadata.get("modelspec.architecture", "")
    trained_on = header.metadata.get("ss_base_model_version", "")
    said = family_said(architecture, trained_on)
    if said is None:
        said = family_said(hint)
    return default if said is None else said


def _lora_layers(kinds: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """By kind of layer that is patched, one such layer as the file names it."""
    for kind, names in kinds.items():
        part = _LORA_PART.search(kind)
        if part is not None:
            layer = kind[: part.start()]
            bare = layer[_prefix_length(layer) :].replace(".processor.", ".").replace(".", "_")
            yield bare, names[0][: part.start() - len(kind)]


def _prefix_length(layer: str) -> int:
    prefix = _LORA_PREFIX.match(layer)
    return prefix.end() if prefix else 0


def _lora_family(layers: Mapping[str, str], header: Header, hint: str) -> str:
    widths = {kind: {(_width(layer, header.shapes),)} for kind, layer in layers.items()}
    for family, text in LORA:
        if all(sign.holds(widths) for sign in signs(text)):
            said = _said(header, hint)
            # LoRAs of Chroma patch layers of the same names and sizes as those of Flux
            return said if (family, said) == ("flux", "chroma") else family
    return _of_shared_layers(header.shapes) or _said(header, hint)


def _of_shared_layers(names: Iterable[str]) -> str:
    """For layers that several families have alike: how many there are tells."""
    if any(_DEEP_UNET.search(name) for name in names):
        return "sdxl"
    return "qwen_image" if any(_DEEP_TRANSFORMER.search(name) for name in names) else ""


def _width(layer: str, shapes: Mapping[str, Shape]) -> int:
    """Of the layer's input; -1 if its patch does not tell."""

    def last(*parts: str) -> int:
        for part in parts:
            for joint in "._":
                shape = shapes.get(f"{layer}{joint}{part}")
                if shape and len(shape) > 1:
                    return shape[1]
        return -1

    down = last(
        "lora_down.weight",
        "lora.down.weight",
        "lora_A.weight",
        "lora_A.default.weight",
        "lora_A",
        "hada_w1_b",
        "diff",
    )
    outer, inner = last("lokr_w1", "lokr_w1_b"), last("lokr_w2", "lokr_w2_b")
    return outer * inner if outer > 0 and inner > 0 else down
