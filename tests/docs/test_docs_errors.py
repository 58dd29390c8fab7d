"""The drawing in `errors.py` is the tree of the classes below it."""

import inspect
import re

from orchestrator import errors

Tree = dict[str, tuple[str, int]]  # class -> the one above it, HTTP status

LINE = re.compile(r"(?P<branch>[│├└─ ]*)(?P<name>\w+)(?: +(?P<status>\d{3})\b)?")


def drawn() -> Tree:
    """A class without a status has that of the one above it."""
    _, drawing, *_ = (errors.__doc__ or "").split("\n\n")
    tree: Tree = {}
    above = ["Exception"]  # by depth
    for line in drawing.splitlines():
        found = LINE.match(line)
        assert found, line
        depth = len(found["branch"]) // 4
        above[depth + 1 :] = [found["name"]]
        status = int(found["status"]) if found["status"] else tree[above[depth]][1]
        tree[found["name"]] = above[depth], status
    return tree


def test_the_drawing_is_the_tree() -> None:
    classes = (c for _, c in inspect.getmembers(errors, inspect.isclass))
    tree = {c.__name__: (c.__mro__[1].__name__, c.status) for c in classes}
    assert drawn() == tree
