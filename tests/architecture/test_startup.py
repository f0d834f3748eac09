"""What a command loads before it works: start-up is paid on every step of every job."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Prints, one a line, the name and the file of each module that the command loaded.
LOAD = """
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv.pop(1))
from tagboat.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
for name in sorted(set(sys.modules) - before):
    print(name, getattr(sys.modules[name], "__file__", None) or "", sep="\\t", file=sys.stderr)
sys.exit(code)
"""


def loaded(cwd: Path, *words: str) -> dict[str, str]:
    """Run a command outside CI and return the modules it loaded: name to file, empty for built-in ones."""
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(ROOT / "src"), *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stderr.splitlines() if line.count("\t") == 1]
    return dict(rows)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["build", "--help"], ["run", "--help"]], ids=" ".join)
def test_help_loads_no_library(words: list[str], tmp_path: Path) -> None:
    """Help and version run on the bare interpreter: no module of theirs comes from an installed package."""
    third_party = {name for name, file in loaded(tmp_path, *words).items() if "-packages" in file}
    assert third_party == set()


def test_tags_loads_neither_httpx_nor_the_builder(tmp_path: Path) -> None:
    """`tagboat tags` reads facts and prints names: it has no use for a connection or for layers."""
    modules = loaded(tmp_path, "tags", "--tags", "type=raw,value=one", "--images", "ghcr.io/me/app", "--json")
    unwanted = ("httpx", "tagboat.build", "tagboat.executors", "tagboat.layers", "tagboat.registry", "tagboat.bases")
    assert [name for name in modules if name.startswith(unwanted)] == []
