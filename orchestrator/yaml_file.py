"""A YAML file read with a schema, so that every fault names its line and field."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.errors import CardFault

Card = TypeVar("Card", bound=BaseModel)

LONGEST = 256 << 10  # characters of one file: seconds of work
MOST_FAULTS = 20  # that are told of one file
MOST_NODES = 100_000  # of one file, with its anchors written out wherever they are used


def read_yaml(source: str, schema: type[Card], *, given: Mapping[str, Any]) -> Card:
    """The mapping in the file, together with the given fields, which it must not have itself.

    Raises CardFault: `line N: field: reason` for each fault, one a line.
    """
    root, data = _load(source)
    if not isinstance(data, dict):
        raise CardFault(f"line {_line_of(root)}: the file must be a mapping of fields")
    for field in given.keys() & data.keys():
        raise CardFault(f"line {_line(root, (field,))}: {field}: is not for the file to say")
    try:
        return schema.model_validate({**data, **given})
    except ValidationError as error:
        faults = (_fault(root, details) for details in error.errors(include_url=False))
        raise CardFault("\n".join(islice(faults, MOST_FAULTS))) from error


def _load(source: str) -> tuple[yaml.Node, Any]:
    if len(source) > LONGEST:
        raise CardFault(f"line 1: the file is larger than {LONGEST >> 10} KiB")
    try:
        loader = yaml.SafeLoader(source)
        root = loader.get_single_node()
        if root is None:
            raise CardFault("line 1: the file is empty")
        if _size(root, {}) > MOST_NODES:
            raise CardFault(f"line 1: the file has more than {MOST_NODES} parts")
        _refuse_duplicate_keys(root, set())
        return root, loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CardFault(f"line {line}: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, error.position) + 1
        raise CardFault(f"line {line}: {error.reason}") from error
    except (ValueError, RecursionError) as error:  # no such date; a list in a list in a list …
        raise CardFault(f"line 1: {error}") from error


def _refuse_duplicate_keys(node: yaml.Node, seen: set[int]) -> None:
    """YAML lets the last one win silently. `seen` are the ids of nodes: anchors share them."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    keys: set[str] = set()
    for key, value in _children(node):
        name = str(key.value)
        if isinstance(node, yaml.MappingNode) and name in keys:
            raise CardFault(f"line {_line_of(key)}: {_in_one_line(name)}: is there twice")
        keys.add(name)
        _refuse_duplicate_keys(value, seen)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Parts of the node when its anchors are written out. `known` are sizes by the id of a node;
    an anchor within itself counts once, as it can't be written out."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 1
        known[id(node)] += sum(_size(value, known) for _, value in _children(node))
    return known[id(node)]


def _children(node: yaml.CollectionNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """Key and value of a mapping; an item of a sequence is its own key."""
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(item, item) for item in node.value]


def _fault(root: yaml.Node, details: ErrorDetails) -> str:
    at = details["loc"] + tuple(details.get("ctx", {}).get("at", ()))
    field = _in_one_line(".".join(str(step) for step in at)) or "file"
    return f"line {_line(root, at)}: {field}: {details['msg']}"


def _in_one_line(name: str) -> str:
    return name if name.isprintable() else ascii(name)[1:-1]


def _line(node: yaml.Node, at: tuple[int | str, ...]) -> int:
    """The line of that field, or of the innermost part around it that is there."""
    line = _line_of(node)
    for step in at:
        child = _child(node, step)
        if child is None:
            break
        line, node = _line_of(child[0]), child[1]
    return line


def _child(node: yaml.Node, step: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
