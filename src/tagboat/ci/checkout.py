"""Outside CI: the context of a checkout, from git alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tagboat.ci import git
from tagboat.ci.facts import Facts
from tagboat.errors import ContextError
from tagboat.flow.context import Context, Evidence, SourceRepository, System

_SCP_FORM = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?!//)(?P<path>.+)")  # git@host:path


def read(environ: Mapping[str, str], folder: Path) -> Context:
    """Return the context of the checkout that `folder` lies in; without one, a context that says what is missing.

    Raises `ContextError` for a checkout that git refuses to read.
    """
    try:
        facts = git.read_facts(environ, folder)
    except git.RefusedCheckoutError:
        raise
    except ContextError as error:
        return Context(system=System.LOCAL, missing=". ".join(filter(None, (error.problem, error.hint))))
    ref = _ref(facts)
    return Context(
        system=System.LOCAL,
        ref=ref,
        revision=facts.revision,
        commit_time=facts.commit_time,
        repository=_repository(facts.origin, facts.default_branch),
        dirty=facts.dirty,
        shallow=facts.shallow,
        missing=_missing(facts),
        evidence=Evidence(
            ref=f"git's HEAD is {ref}" if facts.head else f"git's HEAD is at {ref}",
            revision=f"git's HEAD is {facts.revision}",
        ),
    )


def _missing(facts: Facts) -> str:
    if not facts.revision:
        return "the repository has no commit yet"
    return "" if _ref(facts) else "HEAD is detached, and no branch or tag holds its commit"


def _ref(facts: Facts) -> str:
    """Return the branch, or for a detached HEAD the ref it stands for, as metadata-action's git context finds it.

    A tag at the commit wins, the last by name when there are several; then a pull request's ref, then a branch; then
    the branch or tag that contains the commit.
    """
    if facts.head:
        return facts.head
    tags = [ref for ref in facts.here if ref.startswith("refs/tags/")]
    if tags:
        return tags[-1]
    kinds = ("refs/remotes/pull/", "refs/pull/", "refs/heads/", "refs/remotes/", "refs/tags/")
    found = (ref for kind in kinds for ref in (*facts.here, *facts.around) if ref.startswith(kind))
    return next((_local(ref) for ref in found if not ref.endswith("/HEAD")), "")


def _local(ref: str) -> str:
    """Return a remote's ref as the remote itself calls it; actions/checkout keeps pull requests as a remote `pull`."""
    if ref.startswith("refs/remotes/pull/"):
        return ref.replace("refs/remotes/pull/", "refs/pull/", 1)
    if ref.startswith("refs/remotes/"):
        return "refs/heads/" + ref.removeprefix("refs/remotes/").partition("/")[2]
    return ref


def _repository(origin: str, default_branch: str) -> SourceRepository:
    """Return what a remote's address tells; credentials in it are dropped."""
    scp = _SCP_FORM.fullmatch(origin)
    if scp:
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(origin)
        host, path = parts.hostname or "", parts.path
        if parts.scheme in {"http", "https"} and parts.port:
            host = f"{host}:{parts.port}"
    name = path.strip("/").removesuffix(".git") if host else Path(path).name.removesuffix(".git")
    return SourceRepository(
        name=name,
        title=name.rpartition("/")[2],
        url=f"https://{host}/{name}" if host and name else "",
        default_branch=default_branch,
    )
