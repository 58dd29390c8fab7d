"""The language of templates: Jinja expressions and `if`, over data that is never rendered itself.

Loops, calls and assignments are refused, every operator and filter that could blow up its operand
is bounded, so a rendering takes time and memory in proportion to the length of its source.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, meta, nodes
from jinja2.filters import do_default
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_SOURCE = 8_000  # characters of one string with Jinja in it
MAX_TOKENS = 500  # syntax nodes of one string
MAX_DEPTH = 40  # of nesting
MAX_TEXT = 65_536  # characters of one result
MAX_ITEMS = 1_000  # of one list
MAX_POWER = 64

ALLOWED_SYNTAX = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Const),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.List, nodes.Tuple),
    *(nodes.BinExpr, nodes.UnaryExpr, nodes.Compare, nodes.Operand),
    *(nodes.Filter, nodes.Test, nodes.Keyword),
)


class ExpressionFault(ValueError):
    """An expression is wrong; whoever knows where it stands says so."""


def _printable(value: Any) -> Any:
    """What a hole in a text may hold."""
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is undefined
    if isinstance(value, str | int | float):
        return value
    raise ExpressionFault(f"{_kind(value)} can't stand within a text")


def _text(value: Any) -> str:
    return str(_printable(value))


def _round(value: float, digits: int = 0) -> float:
    if abs(digits) > 15:
        raise ExpressionFault("round takes at most 15 digits")
    return round(value, digits)


def _join(items: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    pieces = [_text(item if attribute is None else item[attribute]) for item in items]
    length = sum(map(len, pieces)) + len(separator) * len(pieces)
    if length > MAX_TEXT:
        raise ExpressionFault(f"join gives more than {MAX_TEXT} characters")
    return separator.join(pieces)


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "capitalize": str.capitalize,
    "default": do_default,
    "float": float,
    "int": int,
    "join": _join,
    "length": len,
    "lower": str.lower,
    "max": max,
    "min": min,
    "round": _round,
    "string": _text,
    "title": str.title,
    "trim": str.strip,
    "upper": str.upper,
}


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise ExpressionFault(f"{operator} is for numbers only")
        if operator == "**" and (abs(left) > 2**64 or abs(right) > MAX_POWER):
            raise ExpressionFault("** is for small numbers only")
        return super().call_binop(context, operator, left, right)


def _environment() -> _Sandbox:
    environment = _Sandbox(
        undefined=StrictUndefined,
        finalize=_printable,
        keep_trailing_newline=True,
        autoescape=False,  # a graph is not HTML
        optimized=False,  # nothing is computed before it is bounded
    )
    environment.globals.clear()
    environment.filters = FILTERS
    return environment


_ENVIRONMENT = _environment()


@dataclass(frozen=True)
class _Program:
    names: frozenset[str]  # that must be bound
    run: Callable[[Mapping[str, Any]], Any]


def holds_jinja(text: str) -> bool:
    return any(opening in text for opening in ("{{", "{%", "{#"))


def evaluate(source: str, values: Mapping[str, Any]) -> Any:
    """A source that is exactly one `{{ expression }}` gives its own type, any other gives text.

    Raises ExpressionFault.
    """
    program = _compiled(source)
    unknown = sorted(program.names - values.keys())
    if unknown:
        known = ", ".join(values)
        raise ExpressionFault(f"unknown name {', '.join(unknown)} (there are {known})")
    try:
        return _plain(program.run(values))
    except ExpressionFault:
        raise
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise ExpressionFault(str(error)) from error


def evaluate_bare(expression: Any, values: Mapping[str, Any]) -> Any:
    """The value of an expression written without braces."""
    if not isinstance(expression, str) or holds_jinja(expression) or "}}" in expression:
        raise ExpressionFault("is an expression without braces")
    return evaluate("{{ " + expression + " }}", values)


@lru_cache(maxsize=4096)
def _compiled(source: str) -> _Program:
    if len(source) > MAX_SOURCE:
        raise ExpressionFault(f"is longer than {MAX_SOURCE} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
        _check(tree)
        names = frozenset(meta.find_undeclared_variables(tree))
        return _Program(names, _program(tree))
    except TemplateError as error:
        raise ExpressionFault(error.message or "is not an expression") from error
    except SyntaxError as error:  # of the Python that Jinja makes of it
        raise ExpressionFault(error.msg) from error
    except ExpressionFault:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise ExpressionFault(str(error)) from error
    except RecursionError as error:
        raise ExpressionFault("is nested too deeply") from error


def _check(tree: nodes.Node) -> None:
    pending = [(tree, 1)]
    for _ in range(MAX_TOKENS):
        if not pending:
            return
        node, depth = pending.pop()
        if not isinstance(node, ALLOWED_SYNTAX):
            raise ExpressionFault(f"uses {type(node).__name__}, which templates do not have")
        if isinstance(node, nodes.Const) and isinstance(node.value, float):
            _plain(node.value)
        if depth > MAX_DEPTH:
            raise ExpressionFault("is nested too deeply")
        pending.extend((child, depth + 1) for child in node.iter_child_nodes())
    raise ExpressionFault(f"is more complex than {MAX_TOKENS} parts")


def _program(tree: nodes.Template) -> Callable[[Mapping[str, Any]], Any]:
    expression = _single_expression(tree)
    if expression is None:
        text = _ENVIRONMENT.from_string(tree)
        return text.render
    result = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
    module = _ENVIRONMENT.from_string(nodes.Template([result], lineno=1))
    return lambda values: vars(module.make_module(dict(values)))["result"]


def _single_expression(tree: nodes.Template) -> nodes.Expr | None:
    match tree.body:
        case [nodes.Output(nodes=[expression])] if not isinstance(expression, nodes.TemplateData):
            return expression
    return None


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is undefined
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS:
        return [_plain(item) for item in value]
    if _is_bounded(value):
        return value
    raise ExpressionFault(f"gives {_kind(value)}, which no input takes")


def _is_bounded(value: Any) -> bool:
    match value:
        case str():
            return len(value) <= MAX_TEXT
        case int():
            return abs(value) < 2**64
        case float():
            return math.isfinite(value)
    return False


def _kind(value: Any) -> str:
    if isinstance(value, str | list | tuple):
        return f"{len(value)} characters or items"
    return "nothing" if value is None else f"a {type(value).__name__} ({str(value)[:40]})"
