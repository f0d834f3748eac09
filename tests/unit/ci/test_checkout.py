"""Outside CI the checkout itself gives the context."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagboat.ci import read_context
from tagboat.errors import ContextError
from tagboat.flow.context import Context, System

DATE = "2020-01-08T10:20:30+02:00"


class Checkout:
    """A repository in a temporary folder, untouched by the user's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_AUTHOR_DATE": DATE,
            "GIT_COMMITTER_DATE": DATE,
        }
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git in the checkout and return its output."""
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self) -> str:
        """Make an empty commit and return its hash."""
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD")

    def read(self, **more: str) -> Context:
        """Read the context of the checkout."""
        return read_context(self.environ, self.folder, **more)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout on main, before its first commit."""
    return Checkout(tmp_path / "checkout")


def test_branch(checkout):
    """On a branch the context has its ref, its commit and the committer's time; a tag on the commit changes nothing."""
    revision = checkout.commit()
    checkout.git("tag", "v1")
    context = checkout.read()
    assert (context.system, context.event, context.ref) == (System.LOCAL, "", "refs/heads/main")
    assert context.revision == revision
    assert context.commit_time == datetime(2020, 1, 8, 8, 20, 30, tzinfo=UTC)
    assert (context.dirty, context.shallow, context.missing) == (False, False, "")


def test_subfolder(checkout):
    """A folder inside the checkout gives the same context."""
    checkout.commit()
    (checkout.folder / "sub").mkdir()
    assert read_context(checkout.environ, checkout.folder / "sub") == checkout.read()


def detach(checkout: Checkout) -> None:
    """Let HEAD stand on the commit itself."""
    checkout.git("checkout", "--quiet", "--detach")


def tagged(checkout: Checkout) -> None:
    """Put two tags on the commit."""
    for tag in ("v1", "v2"):
        checkout.git("tag", tag)


def pulled(checkout: Checkout) -> None:
    """Keep a pull request's ref as actions/checkout does."""
    checkout.git("update-ref", "refs/remotes/pull/7/merge", "HEAD")


def fetched(checkout: Checkout) -> None:
    """Leave only a remote's branch at the commit."""
    checkout.git("update-ref", "refs/remotes/origin/feature/x", "HEAD")
    detach(checkout)
    checkout.git("branch", "--quiet", "--delete", "--force", "main")


def nothing(checkout: Checkout) -> None:
    """Leave main as it is."""


@pytest.mark.parametrize(
    ("prepare", "ref"),
    [
        (tagged, "refs/tags/v2"),
        (pulled, "refs/pull/7/merge"),
        (fetched, "refs/heads/feature/x"),
        (nothing, "refs/heads/main"),
    ],
)
def test_detached(checkout, prepare: Callable[[Checkout], None], ref):
    """A detached HEAD stands for the tag at its commit, else for the pull request's ref, else for the branch."""
    checkout.commit()
    prepare(checkout)
    detach(checkout)
    assert checkout.read().ref == ref


def test_detached_below_a_branch(checkout):
    """A detached commit that no ref points to stands for the branch that contains it."""
    checkout.commit()
    checkout.commit()
    checkout.git("checkout", "--quiet", "--detach", "HEAD~1")
    assert checkout.read().ref == "refs/heads/main"


def test_detached_beyond_all_refs(checkout):
    """A detached commit that no ref contains has no ref, and the context says why."""
    checkout.commit()
    detach(checkout)
    checkout.git("commit", "--quiet", "--allow-empty", "--message=y")
    context = checkout.read()
    assert context.ref == ""
    assert "detached" in context.missing


def test_dirty(checkout):
    """Changed tracked files make a checkout dirty; untracked ones do not."""
    tracked = checkout.folder / "a"
    tracked.write_text("1")
    checkout.git("add", "a")
    checkout.commit()
    (checkout.folder / "b").write_text("1")
    assert checkout.read().dirty is False
    tracked.write_text("2")
    assert checkout.read().dirty is True


def test_no_commit(checkout):
    """Before the first commit there is a branch and no revision, and the context says why."""
    context = checkout.read()
    assert (context.ref, context.revision) == ("refs/heads/main", "")
    assert "no commit" in context.missing


def test_no_repository(tmp_path):
    """Outside a repository the context is empty and says why."""
    environ = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    context = read_context(environ, tmp_path)
    assert (context.ref, context.revision, context.dirty) == ("", "", None)
    assert "no git repository" in context.missing


def test_repository_of_another_user(checkout):
    """A repository that git does not trust ends the run: without its facts the image would be another."""
    checkout.commit()
    checkout.environ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1"
    with pytest.raises(ContextError, match="another user") as caught:
        checkout.read()
    assert f"safe.directory {checkout.folder}" in caught.value.hint


def test_shallow(checkout, tmp_path):
    """A clone of limited depth is shallow."""
    checkout.commit()
    checkout.commit()
    checkout.git("clone", "--quiet", "--depth=1", f"file://{checkout.folder}", str(tmp_path / "clone"))
    assert read_context(checkout.environ, tmp_path / "clone").shallow is True


def test_simulation_without_a_repository(tmp_path):
    """A simulated event needs no repository."""
    environ = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    assert read_context(environ, tmp_path, simulate="tag:v1.2.3").tag == "v1.2.3"


@pytest.mark.parametrize(
    ("origin", "name", "url"),
    [
        ("git@github.com:acme/widget.git", "acme/widget", "https://github.com/acme/widget"),
        ("https://github.com/acme/widget", "acme/widget", "https://github.com/acme/widget"),
        ("https://me:token@git.example.com:8443/a/b.git", "a/b", "https://git.example.com:8443/a/b"),
        ("ssh://git@git.example.com:2222/a/b/c.git", "a/b/c", "https://git.example.com/a/b/c"),
        ("/srv/git/widget.git", "widget", ""),
    ],
)
def test_origin(checkout, origin, name, url):
    """The remote's address gives the repository's name and page, never its credentials."""
    checkout.commit()
    checkout.git("remote", "add", "origin", origin)
    repository = checkout.read().repository
    assert (repository.name, repository.url) == (name, url)
    assert repository.title == name.rpartition("/")[2]


def test_default_branch(checkout):
    """The remote's HEAD gives the default branch."""
    checkout.commit()
    checkout.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert checkout.read().repository.default_branch == "trunk"


def test_commit_time_in_ci(checkout):
    """In CI git gives the commit's time where the event does not, if the checkout has the commit."""
    environ = checkout.environ | {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main"}
    known = read_context(environ | {"GITHUB_SHA": checkout.commit()}, checkout.folder)
    assert known.commit_time == datetime(2020, 1, 8, 8, 20, 30, tzinfo=UTC)
    unknown = read_context(environ | {"GITHUB_SHA": "f" * 40}, checkout.folder)
    assert unknown.commit_time is None
