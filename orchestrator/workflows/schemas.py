"""What nodes take and give: read from ComfyUI's `/object_info`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
UPLOADS = ("image_upload", "video_upload", "audio_upload", "animated_image_upload")
FILE_NAME = re.compile(r"(?!sampler_|scheduler_)\w+_name\d*")  # ckpt_name, clip_name2


@dataclass(frozen=True)
class InputSchema:
    type: str  # "MODEL", "INT", "COMBO", "IMAGE,MASK", "*"
    required: bool
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()  # of a COMBO; empty: files of the machine, unknown here

    @property
    def is_socket(self) -> bool:
        """Takes a link only."""
        return self.type not in WIDGET_TYPES


@dataclass(frozen=True)
class NodeSchema:
    inputs: Mapping[str, InputSchema]  # in the node's own order
    outputs: tuple[str, ...]  # types

    def input(self, name: str) -> InputSchema | None:
        """Also a member of an input that grows (`images.image0` of `images`)."""
        return self.inputs.get(name) or self.inputs.get(name.partition(".")[0])


Schemas = Mapping[str, NodeSchema]  # by class


def parse_schemas(object_info: Mapping[str, Any]) -> Schemas:
    return {name: _node(info) for name, info in object_info.items()}


def fits(given: str, wanted: str) -> bool:
    """Whether an output of one type may be linked to an input of another."""
    if "*" in (given, wanted):
        return True
    return set(given.split(",")) <= set(wanted.split(","))


def reduced(object_info: Mapping[str, Any]) -> dict[str, Any]:
    """The same in the same format, without what is text, code or a file of this machine."""
    return {name: _reduced_node(info) for name, info in sorted(object_info.items())}


def _node(info: Mapping[str, Any]) -> NodeSchema:
    inputs = {
        name: _input(name, declared, required=group == "required")
        for group in ("required", "optional")
        for name, declared in info["input"].get(group, {}).items()
    }
    return NodeSchema(inputs, tuple(_type(output) for output in info["output"]))


def _input(name: str, declared: list[Any], *, required: bool) -> InputSchema:
    options = _options(declared)
    return InputSchema(
        type=_type(declared[0]),
        required=required,
        minimum=options.get("min"),
        maximum=options.get("max"),
        choices=_choices(name, declared),
    )


def _type(declared: Any) -> str:
    return "COMBO" if isinstance(declared, list) else str(declared)


def _options(declared: list[Any]) -> dict[str, Any]:
    return declared[1] if len(declared) > 1 and isinstance(declared[1], dict) else {}


def _choices(name: str, declared: list[Any]) -> tuple[Any, ...]:
    """Both generations write them differently: `[[a, b]]` and `["COMBO", {"options": [a, b]}]`."""
    options = _options(declared)
    if FILE_NAME.fullmatch(name) or any(options.get(upload) for upload in UPLOADS):
        return ()
    listed = declared[0] if isinstance(declared[0], list) else options.get("options", ())
    return tuple(listed)


def _reduced_node(info: Mapping[str, Any]) -> dict[str, Any]:
    groups = {
        group: {name: _reduced_input(name, declared) for name, declared in inputs.items()}
        for group in ("required", "optional")
        if (inputs := info["input"].get(group))
    }
    return {"input": groups, "output": [_type(output) for output in info["output"]]}


def _reduced_input(name: str, declared: list[Any]) -> list[Any]:
    kept = {k: v for k, v in _options(declared).items() if k in ("default", "min", "max")}
    if _type(declared[0]) == "COMBO":
        kept["options"] = list(_choices(name, declared))
    return [_type(declared[0]), kept] if kept else [_type(declared[0])]
