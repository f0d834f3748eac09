"""Consoles: progress and errors on a stream, as plain lines or as the CI system at hand understands them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TextIO

from tagboat.errors import Location, TagboatError
from tagboat.flow.progress import Progress
from tagboat.report.escaping import visible, visible_lines
from tagboat.report.faults import excerpt, labelled, render_error, unexpected
from tagboat.report.foreign import ForeignLines
from tagboat.report.github_console import GitHubProgress
from tagboat.report.writer import LineWriter
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
    quiet: bool = False,
    verbose: bool = False,
) -> Console:
    """Return the console that the environment asks for, writing to `stream` (stderr).

    `token` returns an unforeseeable word at each call. GitHub's switch for debug logs is as good as `verbose`.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHubProgress(stream, token=token, quiet=quiet, verbose=verbose or environ.get("RUNNER_DEBUG") == "1")
    return PlainProgress(stream, quiet=quiet, verbose=verbose)


class PlainProgress:
    """Lines for people: titles, news, warnings, and foreign output indented; `quiet` leaves warnings and errors."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, verbose: bool = False) -> None:
        self._writer = LineWriter(stream)
        self._quiet = quiet
        self._verbose = verbose
        self._foreign = ForeignLines()

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Write the title; plain text has nothing to fold."""
        self.info(title)
        try:
            yield
        finally:
            self.close()

    def info(self, text: str) -> None:
        """Write the text, unless quiet."""
        if not self._quiet:
            self._writer.write(visible_lines(text))

    def detail(self, text: str) -> None:
        """Write the text when verbose."""
        if self._verbose:
            self._writer.write(visible_lines(text))

    def warn(self, problem: str, hint: str = "", *, location: Location | None = None) -> None:
        """Write `warning: problem`, the place and the hint below it."""
        lines = [labelled("warning", problem)]
        if location:
            lines += [f"  --> {visible(str(location))}", *excerpt(location)]
        if hint:
            lines.append(labelled("hint", hint, "  "))
        self._writer.write(lines)

    def output(self, chunk: bytes) -> None:
        """Write the whole lines of foreign output, indented, unless quiet."""
        if not self._quiet:
            self._writer.write([f"  {line}" for line in self._foreign.add(chunk)])

    def error(self, error: BaseException) -> None:
        """Write the error; the traceback of a bug when verbose."""
        self.close()
        if isinstance(error, TagboatError):
            self._writer.write([render_error(error)])
            return
        if self._verbose:
            self._writer.write(["".join(traceback.format_exception(error)).rstrip("\n")])
        self._writer.write([unexpected(error)])

    def mask(self, secret: Secret) -> None:
        """Do nothing: a terminal has no list of words to hide, and a `Secret` never prints itself."""

    def close(self) -> None:
        """Write the unended last lines of foreign output."""
        self._writer.write([f"  {line}" for line in self._foreign.rest()])
