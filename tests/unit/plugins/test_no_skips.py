"""The plugin that CI runs with, tried on small suites of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

SUITES = {
    "a mark": "import pytest\n@pytest.mark.skip(reason='no server')\ndef test_one(): pass\n",
    "a call": "import pytest\ndef test_one(): pytest.skip('no server')\n",
    "a module": "import pytest\npytest.skip('no server', allow_module_level=True)\n",
    "an expected failure": "import pytest\n@pytest.mark.xfail(reason='no server')\ndef test_one(): assert False\n",
}


def run_suite(folder: Path, source: str, *options: str) -> tuple[int, str]:
    """Run a suite of one module with the plugin, and return pytest's exit code and words."""
    (folder / "test_suite.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    argv = [sys.executable, "-m", "pytest", "-p", "plugins.no_skips", "-p", "no:cacheprovider", *options]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("source", SUITES.values(), ids=SUITES)
def test_what_does_not_run_fails(source: str, tmp_path: Path) -> None:
    """A skip or an expected failure, however it is written, fails the run."""
    code, words = run_suite(tmp_path, source)
    assert code != 0, words


def test_a_named_reason_may_skip(tmp_path: Path) -> None:
    """A skip whose reason is named on the command line stays a skip."""
    code, words = run_suite(tmp_path, SUITES["a call"], "--may-skip", "no server")
    assert (code, "1 skipped" in words) == (0, True)


def test_what_runs_is_left_alone(tmp_path: Path) -> None:
    """A test that passes passes."""
    code, words = run_suite(tmp_path, "def test_one(): pass\n")
    assert (code, "1 passed" in words) == (0, True)
