"""Progress and errors as plain lines for people."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from tagboat.errors import Location, TagboatError
from tagboat.report.escaping import visible, visible_lines
from tagboat.report.faults import excerpt, labelled, render_error, unexpected
from tagboat.report.foreign import ForeignLines
from tagboat.report.writer import LineWriter
from tagboat.secret import Secret


class PlainProgress:
    """Lines for people: titles, news, warnings, and foreign output indented; `quiet` leaves warnings and errors."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, verbose: bool = False) -> None:
        self._writer = LineWriter(stream)
        self._quiet = quiet
        self._verbose = verbose
        self._foreign = ForeignLines()

    def write(self, lines: Sequence[str]) -> None:
        """Write lines as they are, together."""
        self._writer.write(lines)

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
