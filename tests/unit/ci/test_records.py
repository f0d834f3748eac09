"""The file modes that git records."""

from __future__ import annotations

import subprocess

import pytest

from fakes.building import Symlink, write_tree
from tagboat.ci.records import recorded_modes

ENVIRON = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout with tracked and untracked files of strange modes."""
    write_tree(tmp_path, {"run": "", "a b\nc": "", "sub/deep/f": "", "sub/l": Symlink("../run"), "new/x": ""})
    (tmp_path / "run").chmod(0o755)
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], env=ENVIRON, check=True)
    subprocess.run([*git, "add", "run", "a b\nc", "sub"], env=ENVIRON, check=True)
    for path in tmp_path.iterdir():
        if path.name != ".git":
            path.chmod(0o700)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("run", 0o755),
        ("a b\nc", 0o644),
        ("sub", 0o755),
        ("sub/deep", 0o755),
        ("sub/deep/f", 0o644),
        ("sub/l", None),
        ("new", None),
        ("new/x", None),
        ("", None),
    ],
)
def test_modes_are_those_of_the_index(checkout, path, mode):
    """Tracked files are 0644 or 0755, folders that hold some 0755; nothing is recorded of others."""
    assert recorded_modes(ENVIRON, checkout)(path) == mode


def test_paths_start_at_the_folder(checkout):
    """Below a folder of the checkout, paths are relative to it."""
    assert recorded_modes(ENVIRON, checkout / "sub")("deep/f") == 0o644


def test_outside_a_checkout_nothing_is_recorded(tmp_path):
    """A folder that git does not know, and a machine without git, have no records."""
    (tmp_path / "f").touch()
    assert recorded_modes({**ENVIRON, "GIT_CEILING_DIRECTORIES": "/"}, tmp_path)("f") is None
    assert recorded_modes({"PATH": str(tmp_path)}, tmp_path)("f") is None


def test_git_is_asked_once(checkout):
    """The answer is kept: what changes later is not seen."""
    modes = recorded_modes(ENVIRON, checkout)
    assert modes("run") == 0o755
    (checkout / ".git").rename(checkout / "gone")
    assert modes("sub/deep/f") == 0o644
