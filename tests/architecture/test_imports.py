"""Who may import whom: the contracts of `[tool.importlinter]` in pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application import use_cases

CONFIGURATION = Path(__file__).parents[2] / "pyproject.toml"
CONTRACTS = tomllib.loads(CONFIGURATION.read_text())["tool"]["importlinter"]["contracts"]

configuration.configure()


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_imports_keep_the_contract(contract: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A package knows only those below it, and each library is known to its door alone."""
    kept = use_cases.lint_imports(
        config_filename=str(CONFIGURATION), limit_to_contracts=(contract,), cache_dir=str(tmp_path), no_logo=True
    )
    assert kept, capsys.readouterr().out
