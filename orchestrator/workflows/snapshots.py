"""The nodes that we know of without asking a ComfyUI: those of the packaged one and of an official
one, as they were when snapped, and those of packs that other people make."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from orchestrator.models import Graph
from orchestrator.workflows.schemas import Schemas, parse_schemas

# The snapshots are written by scripts/snapshot_schemas.py, with our own nodes in them.
PACKAGED = "object_info.json"
OFFICIAL = "object_info_official.json"
OFFICIAL_VERSION = "0.3.64"
PACKS = "packs.json"  # by pack: its address, and what is known of its classes


@cache
def packaged_schemas() -> Schemas:
    return parse_schemas(_read(PACKAGED))


@cache
def official_schemas() -> Schemas:
    return parse_schemas(_read(OFFICIAL))


@cache
def known_schemas() -> Schemas:
    """Of all classes: one that several declare is as the newest declares it."""
    return {**packaged_schemas(), **official_schemas(), **_pack_schemas()}


def origin(class_name: str) -> str:
    """Where a class comes from that an instance lacks; empty if we don't know."""
    for pack, facts in _packs().items():
        if class_name in facts["classes"]:
            return f"the node pack {pack} ({facts['url']})"
    if class_name in official_schemas():
        return f"a newer ComfyUI, such as {OFFICIAL_VERSION}"
    return ""


def packs_of(graph: Graph) -> tuple[str, ...]:
    """The packs of other people that a graph needs."""
    used = {node.get("class_type") for node in graph.values()}
    return tuple(pack for pack, facts in _packs().items() if used & facts["classes"].keys())


@cache
def _packs() -> Mapping[str, Any]:
    return dict(_read(PACKS))


@cache
def _pack_schemas() -> Schemas:
    return parse_schemas(
        {
            name: info
            for facts in _packs().values()
            for name, info in facts["classes"].items()
            if info is not None
        }
    )


def _read(file: str) -> Any:
    return json.loads(files(__package__).joinpath(file).read_text("utf-8"))
