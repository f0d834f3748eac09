"""How large and how named the parts of the package may be."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "tagboat"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted(Path(__file__).parents[1].rglob("test_*.py"))
LINES_IN_A_FILE = 400
LINES_IN_A_FUNCTION = 50
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}
TERMS = {"auth/helpers.py"}  # credential helpers, as Docker calls them


def name(path: Path) -> str:
    """Return a module's path below the package."""
    return str(path.relative_to(SOURCE))


def test_files_can_be_read_in_one_go() -> None:
    """No module has 400 lines or more: one that grows so long has two subjects."""
    assert [name(path) for path in MODULES if len(path.read_text().splitlines()) >= LINES_IN_A_FILE] == []


def test_functions_fit_on_a_screen() -> None:
    """No function has 50 lines or more, its docstring included."""
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 >= LINES_IN_A_FUNCTION
    ]
    assert long == []


def test_names_say_what_is_inside() -> None:
    """No module is a drawer for what found no other place."""
    nameless = {name(path) for path in MODULES if SAYS_NOTHING & {path.stem, *path.relative_to(SOURCE).parts}}
    assert nameless - TERMS == set()


def test_every_test_states_its_law() -> None:
    """Each test has a docstring: the law it checks."""
    silent = [
        f"{path.name}: {node.name}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_module_says_its_purpose() -> None:
    """Each module begins with a sentence about itself."""
    silent = [name(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []
