"""The choice of where a run's outputs go: to the files of the CI system it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tagboat.errors import TagboatError
from tagboat.flow.context import System
from tagboat.flow.outputs import Outputs
from tagboat.report.github import write_github_outputs, write_summary
from tagboat.report.gitlab import write_gitlab_files


def write_outputs(
    outputs: Outputs,
    environ: Mapping[str, str],
    folder: Path,
    *,
    delimiter: Callable[[], str],
    error: TagboatError | None = None,
) -> None:
    """Write the outputs to the CI system: GitHub's step outputs and summary, GitLab's reports, elsewhere nothing.

    `folder` is the working folder, `delimiter` returns an unforeseeable word at each call. `error` is what ended the
    run before its end; the outputs then hold what was reached. Raises `MachineError` when a file cannot be written.
    """
    if environ.get("GITHUB_OUTPUT"):
        write_github_outputs(outputs, environ, delimiter=delimiter)
        write_summary(outputs, environ, error=error)
    elif System.of(environ) is System.GITLAB:
        write_gitlab_files(outputs, environ, folder, error=error)
