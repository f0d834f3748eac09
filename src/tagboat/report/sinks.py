"""The choice of where a run's outputs go: to the files of the CI system it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tagboat.errors import TagboatError
from tagboat.flow.outputs import Outputs
from tagboat.report.github import write_github_outputs, write_summary


def write_outputs(
    outputs: Outputs,
    environ: Mapping[str, str],
    *,
    delimiter: Callable[[], str],
    error: TagboatError | None = None,
) -> None:
    """Write the outputs to the CI system: on GitHub the step's outputs and the job summary, elsewhere nothing.

    `delimiter` returns an unforeseeable word at each call. `error` is what ended the run before its end; the outputs
    then hold what was reached. Raises `MachineError` when a file cannot be written.
    """
    if environ.get("GITHUB_OUTPUT"):
        write_github_outputs(outputs, environ, delimiter=delimiter)
        write_summary(outputs, environ, error=error)
