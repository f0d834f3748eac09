"""Find out where a run takes place, and read its context there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from tagboat.ci import checkout, git, github, gitlab
from tagboat.ci.simulation import Simulation
from tagboat.flow.context import Context, System


def read_context(environ: Mapping[str, str], folder: Path, *, simulate: str = "", pr_head_sha: bool = False) -> Context:
    """Return the context of this run; `folder` lies in the checkout, if there is one.

    A simulated event (`push:main`, `tag:v1.2.3`, `pull_request:7`, …) takes the place of the real one; the commit and
    the repository stay. Raises `ContextError` when the system's own facts are broken, `InputError` for a simulation
    of no known form. Opens no connection; git is asked only for what the system does not tell.
    """
    wanted = Simulation.parse(simulate) if simulate else None
    context = _read(environ, folder, pr_head_sha=pr_head_sha)
    return wanted.act_out(context) if wanted else context


def _read(environ: Mapping[str, str], folder: Path, *, pr_head_sha: bool) -> Context:
    system = System.of(environ)
    match system:
        case System.GITHUB | System.GITEA | System.FORGEJO:
            return _with_commit_time(github.read(environ, pr_head_sha=pr_head_sha), environ, folder)
        case System.GITLAB:
            return _with_commit_time(gitlab.read(environ, pr_head_sha=pr_head_sha), environ, folder)
        case System.LOCAL:
            return checkout.read(environ, folder)
        case _:
            assert_never(system)


def _with_commit_time(context: Context, environ: Mapping[str, str], folder: Path) -> Context:
    """Return the context with the commit's time from git where the event does not tell it."""
    if context.commit_time or not context.revision:
        return context
    return dataclasses.replace(context, commit_time=git.commit_time(environ, folder, context.revision))
