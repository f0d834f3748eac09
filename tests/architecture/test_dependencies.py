"""What the package imports, what pyproject.toml declares and what requirements.lock pins are one list."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
DECLARED = [
    Requirement(text) for text in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
]


def imported(path: Path) -> set[str]:
    """Return the top-level names that a module imports, at its top or in a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def locked(name: str) -> dict[str, str]:
    """Return the package names of a lock and the versions it pins."""
    rows = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in rows}


def test_every_import_is_declared() -> None:
    """A library that the package imports is a dependency in pyproject.toml, not one that another brings along."""
    declared = {canonicalize_name(requirement.name) for requirement in DECLARED}
    brought = {"pydantic", "pydantic-core"}  # pydantic-settings is made of them
    # Names whose packages are not installed on every Python that the tests run on.
    packages = {"backports": ["backports-zstd"], **importlib.metadata.packages_distributions()}
    own = {"tagboat", "_typeshed"}  # the latter is the type checker's alone
    names = set().union(*map(imported, (ROOT / "src").rglob("*.py"))) - sys.stdlib_module_names - own
    undeclared = {
        name
        for name in names
        if not {canonicalize_name(package) for package in packages.get(name, [name])} & (declared | brought)
    }
    assert undeclared == set()


def test_entrypoint_imports_the_standard_library_alone() -> None:
    """`entrypoint.py` runs before anything is installed."""
    assert imported(ROOT / "entrypoint.py") - sys.stdlib_module_names == {"tagboat"}


def test_lock_satisfies_what_is_declared() -> None:
    """The lock pins each declared dependency at a version that its declaration allows."""
    pinned = locked("requirements.lock")
    unsatisfied = [
        str(requirement)
        for requirement in DECLARED
        if Version(pinned.get(canonicalize_name(requirement.name), "0")) not in requirement.specifier
    ]
    assert unsatisfied == []


def test_development_lock_holds_what_users_get() -> None:
    """The tests run on the very versions that a user's environment is made of."""
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_every_pin_has_a_hash() -> None:
    """Nothing in a lock can be replaced by another file of the same name."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        entries = re.split(r"\n(?=[\w.-]+==)", text)[1:]
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
