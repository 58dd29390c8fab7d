"""The limits that CONTRIBUTING names, held against every file that git tracks."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=HOME, capture_output=True, text=True, check=True
).stdout.split("\0")[:-1]
PYTHON = [name for name in TRACKED if name.endswith(".py") and (HOME / name).exists()]

LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 50
MOST_PARAMETERS = 6
REFUSED_NAMES = re.compile(
    r"\b(utils?|helpers?|common|core|managers?|base_\w+|process_data)\b(?=/|\.py$)"
)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
OF_ONE_MACHINE = re.compile(r"(?<![\w.])/(work|home|root|Users)/\w")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def source(name: str) -> str:
    return (HOME / name).read_text()


def functions(*names: str) -> Iterator[tuple[str, Function]]:
    """Every function with where it is."""
    for name in names:
        for node in ast.walk(ast.parse(source(name))):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    assert function.end_lineno
    return function.end_lineno - function.lineno + 1


def parameters(function: Function) -> int:
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([argument for argument in given if argument.arg not in ("self", "cls")])


def test_a_file_is_short_enough_to_be_read() -> None:
    assert [name for name in PYTHON if len(source(name).splitlines()) >= LONGEST_FILE] == []


def test_a_function_fits_on_a_screen() -> None:
    assert [where for where, f in functions(*PYTHON) if length(f) > LONGEST_FUNCTION] == []


def test_half_of_the_functions_of_the_product_have_under_ten_lines() -> None:
    product = [name for name in PYTHON if not name.startswith("tests/")]
    assert statistics.median(length(f) for _, f in functions(*product)) < 10


def test_a_function_takes_few_arguments() -> None:
    service = [name for name in PYTHON if name.startswith("orchestrator/")]
    assert [where for where, f in functions(*service) if parameters(f) > MOST_PARAMETERS] == []


def test_a_module_says_what_it_is_for() -> None:
    assert [name for name in PYTHON if not ast.get_docstring(ast.parse(source(name)))] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [name for name in TRACKED if REFUSED_NAMES.search(name)] == []


@pytest.mark.parametrize("pattern", [UNFINISHED, OF_ONE_MACHINE], ids=["unfinished", "machine"])
def test_a_file_is_finished_and_belongs_to_no_machine(pattern: re.Pattern[str]) -> None:
    assert [found for name in TRACKED for found in lines_with(pattern, name)] == []


def lines_with(pattern: re.Pattern[str], name: str) -> Iterator[str]:
    try:
        lines = source(name).splitlines()
    except (UnicodeDecodeError, FileNotFoundError):  # a picture; gone but not yet committed
        return
    yield from (f"{name}: {line.strip()[:100]}" for line in lines if pattern.search(line))
