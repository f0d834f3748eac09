"""The only door to GitPython: asks git about a checkout, in few calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tagboat.ci.facts import Facts
from tagboat.errors import ContextError

if TYPE_CHECKING:
    from git import Git

_ORIGIN = "refs/remotes/origin/"
_REFUSED = "dubious ownership"  # CVE-2022-24765: git reads no repository of another user unless told to


class RefusedCheckoutError(ContextError):
    """There is a checkout, but git does not read it: to go on as if there was none would change the image."""


def read_facts(environ: Mapping[str, str], folder: Path) -> Facts:
    """Return the facts of the checkout that `folder` lies in; raises `ContextError` when there is none to read."""
    git = _open(environ, folder)
    status, shallow, message = _run(git, "rev-parse", "--is-shallow-repository")
    if status:
        raise _unreadable(folder, message)
    head = _ask(git, "symbolic-ref", "--quiet", "HEAD")
    revision, _, time = _ask(git, "show", "--no-patch", "--format=%H %cI", "HEAD").partition(" ")
    detached = bool(revision and not head)
    here = _refs(git, "--points-at=HEAD") if detached else ()
    return Facts(
        head=head,
        revision=revision,
        commit_time=datetime.fromisoformat(time) if time else None,
        here=here,
        around=_refs(git, "--contains=HEAD", "--sort=-committerdate") if detached and not here else (),
        origin=_ask(git, "config", "--get", "remote.origin.url"),
        default_branch=_ask(git, "symbolic-ref", "--quiet", f"{_ORIGIN}HEAD").removeprefix(_ORIGIN),
        dirty=bool(_ask(git, "status", "--porcelain", "--untracked-files=no")),
        shallow=shallow == "true",
    )


def commit_time(environ: Mapping[str, str], folder: Path, revision: str) -> datetime | None:
    """Return the committer's time of a commit, None where there is no git or the checkout lacks the commit.

    Raises `RefusedCheckoutError`.
    """
    try:
        git = _open(environ, folder)
    except ContextError:
        return None
    status, time, message = _run(git, "show", "--no-patch", "--format=%cI", f"{revision}^{{commit}}")
    if _REFUSED in message:
        raise _unreadable(folder, message)
    return datetime.fromisoformat(time) if time and not status else None


def _open(environ: Mapping[str, str], folder: Path) -> Git:
    if folder.is_dir() and not _may_be_checkout(environ, folder):
        raise _no_repository(folder)
    try:
        from git import Git
    except ImportError as error:  # GitPython looks for the program when it is imported
        raise ContextError("git is not installed", "install git, or put it on PATH") from error
    if not folder.is_dir():
        raise ContextError(f"there is no folder {folder}")
    git = Git(folder)
    git.update_environment(**environ)
    return git


def _may_be_checkout(environ: Mapping[str, str], folder: Path) -> bool:
    """Say whether git could find a repository from a folder; GitPython takes too long to be asked about any folder."""
    if environ.get("GIT_DIR"):
        return True
    here = folder.resolve()
    return any((at / ".git").exists() or (at / "objects").is_dir() for at in (here, *here.parents))


def _run(git: Git, *arguments: str) -> tuple[int, str, str]:
    """Return the exit status, the output and the messages."""
    status, output, message = git.execute(["git", *arguments], with_extended_output=True, with_exceptions=False)
    return status, str(output), str(message)


def _ask(git: Git, *arguments: str) -> str:
    """Return git's answer, empty when it has none."""
    status, output, _ = _run(git, *arguments)
    return "" if status else output


def _refs(git: Git, *conditions: str) -> tuple[str, ...]:
    return tuple(_ask(git, "for-each-ref", "--format=%(refname)", *conditions).splitlines())


def _unreadable(folder: Path, message: str) -> ContextError:
    if _REFUSED in message:
        return RefusedCheckoutError(
            f"git does not read {folder}: it belongs to another user",
            f"run git config --global --add safe.directory {folder}",
        )
    if "not a git repository" in message:
        return _no_repository(folder)
    return ContextError(f"git cannot read {folder}: {message.strip()}")


def _no_repository(folder: Path) -> ContextError:
    return ContextError(f"{folder} lies in no git repository", "run git init, or name an event with --event")
