"""The choice of a console: progress and errors on a stream, as the CI system at hand understands them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TextIO, assert_never

from tagboat.flow.context import System
from tagboat.flow.progress import Progress
from tagboat.report.github_console import GitHubProgress
from tagboat.report.gitlab_console import GitLabProgress
from tagboat.report.plain_console import PlainProgress
from tagboat.secret import Secret


class Console(Progress, Protocol):
    """A listener to a run that is also told how the run ended."""

    def error(self, error: BaseException) -> None:
        """Tell the error that ends the run; the traceback of one that is our own bug only with `--verbose`."""

    def mask(self, secret: Secret) -> None:
        """Ask the CI system to hide a secret in its log."""

    def close(self) -> None:
        """Write what was held back: a last line of foreign output that had no end."""


def open_console(
    environ: Mapping[str, str],
    stream: TextIO,
    *,
    token: Callable[[], str],
    now: Callable[[], float],
    quiet: bool = False,
    verbose: bool = False,
) -> Console:
    """Return the console that the environment asks for, writing to `stream` (stderr).

    `token` returns an unforeseeable word at each call, `now` the time in seconds since 1970. A CI system's switch for
    debug logs is as good as `verbose`.
    """
    system = System.of(environ)
    match system:
        case System.GITHUB | System.GITEA | System.FORGEJO:
            verbose = verbose or environ.get("RUNNER_DEBUG") == "1"
            return GitHubProgress(stream, token=token, quiet=quiet, verbose=verbose)
        case System.GITLAB:
            verbose = verbose or environ.get("CI_DEBUG_TRACE") == "true"
            return GitLabProgress(stream, now=now, quiet=quiet, verbose=verbose)
        case System.LOCAL:
            return PlainProgress(stream, quiet=quiet, verbose=verbose)
        case _:
            assert_never(system)
