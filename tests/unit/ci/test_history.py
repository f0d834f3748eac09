"""The history of a real checkout."""

from __future__ import annotations

import os
import subprocess

import pytest

from tagboat.ci.git import RefusedCheckoutError
from tagboat.ci.history import GitHistory
from tagboat.flow.history import NearTag

ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{key}": value for who in ("AUTHOR", "COMMITTER") for key, value in (("NAME", "a"), ("EMAIL", "b"))},
}


def _git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, env=ENVIRON, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a checkout of three commits: the first has the tag v1.0.0, the second app-v2.0.0."""
    folder = tmp_path_factory.mktemp("checkout")
    _git(folder, "init", "--quiet")
    (folder / "file").write_text("1")
    _git(folder, "add", "file")
    for tag in ("v1.0.0", "app-v2.0.0", ""):
        _git(folder, "commit", "--quiet", "--allow-empty", "--message", tag or "last")
        if tag:
            _git(folder, "tag", tag)
    return folder


def _near(name, distance):
    return NearTag(name=name, distance=distance)


def test_tags(checkout):
    """The tags of the checkout are told, and those of one commit."""
    history, head = GitHistory(ENVIRON, checkout), _git(checkout, "rev-parse", "HEAD")
    assert (history.missing(), history.tags()) == ("", ("app-v2.0.0", "v1.0.0"))
    assert history.tags_at(head) == ()
    assert history.tags_at(_git(checkout, "rev-parse", "HEAD~1")) == ("app-v2.0.0",)


def test_nearest_tag(checkout):
    """The nearest tag is that of git describe, among those that fit."""
    history, head = GitHistory(ENVIRON, checkout), _git(checkout, "rev-parse", "HEAD")
    assert history.nearest_tag(head, match=(), exclude=()) == _near("app-v2.0.0", 1)
    assert history.nearest_tag(head, match=("v*",), exclude=()) == _near("v1.0.0", 2)
    assert history.nearest_tag(head, match=(), exclude=("app*",)) == _near("v1.0.0", 2)
    assert history.nearest_tag(head, match=("x*",), exclude=()) is None
    assert history.nearest_tag("f" * 40, match=(), exclude=()) is None


def test_changed_files(checkout, tmp_path):
    """A tracked file that was changed makes the checkout dirty, another file does not."""
    _git(tmp_path, "clone", "--quiet", str(checkout), "copy")
    history = GitHistory(ENVIRON, tmp_path / "copy")
    (tmp_path / "copy" / "other").write_text("1")
    assert not history.is_dirty()
    (tmp_path / "copy" / "file").write_text("2")
    assert history.is_dirty()


def test_shallow(checkout, tmp_path):
    """A clone of the last commit alone is shallow, the whole one is not."""
    _git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), "copy")
    assert GitHistory(ENVIRON, tmp_path / "copy").is_shallow()
    assert not GitHistory(ENVIRON, checkout).is_shallow()


def test_no_history(tmp_path):
    """Without a repository or without git there is no history, and that is said."""
    assert "no git repository" in GitHistory(ENVIRON, tmp_path).missing()
    assert GitHistory({"PATH": str(tmp_path)}, tmp_path).missing() == "git is not installed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_checkout_of_another_user(checkout, tmp_path):
    """A checkout that git refuses to read is an error, not an empty history."""
    _git(tmp_path, "clone", "--quiet", str(checkout), "copy")
    for path in (tmp_path / "copy", tmp_path / "copy" / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(RefusedCheckoutError, match="belongs to another user"):
        GitHistory(ENVIRON, tmp_path / "copy").missing()
