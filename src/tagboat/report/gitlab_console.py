"""Progress in GitLab's log, whose sections fold."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from tagboat.errors import Location
from tagboat.report.escaping import visible
from tagboat.report.foreign import ForeignLines
from tagboat.report.plain_console import PlainProgress
from tagboat.secret import Secret

_COLOURS = re.compile(r"(\x1b\[[0-9;]*m)")
_NO_NAME = re.compile(r"[^a-z0-9]+")
_PLAIN_AGAIN = "\x1b[0m"


class GitLabProgress:
    """Lines for GitLab's log, in sections that nest and that readers can fold.

    Sections begin open: whether one is folded is written with its beginning, when nobody knows yet that it will hold an
    error. GitLab has no command to hide a word; its runner masks the variables that were marked so. `now` returns
    seconds since 1970. Of the control codes in foreign output colours alone are kept.
    """

    def __init__(self, stream: TextIO, *, now: Callable[[], float], quiet: bool = False, verbose: bool = False) -> None:
        self._plain = PlainProgress(stream, quiet=quiet, verbose=verbose)
        self._now = now
        self._quiet = quiet
        self._lock = threading.Lock()
        self._foreign = ForeignLines()
        self._sections = 0

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Put what follows into a section of this title."""
        if self._quiet:
            yield
            return
        with self._lock:
            self._sections += 1
            name = f"tagboat_{self._sections}_{_NO_NAME.sub('_', title.lower())[:30]}"
        self._plain.write([f"{self._marker('start', name)}{visible(title)}"])
        try:
            yield
        finally:
            self.close()
            self._plain.write([self._marker("end", name)])

    def info(self, text: str) -> None:
        """Write the text, unless quiet."""
        self._plain.info(text)

    def detail(self, text: str) -> None:
        """Write the text when verbose."""
        self._plain.detail(text)

    def warn(self, problem: str, hint: str = "", *, location: Location | None = None) -> None:
        """Write the warning, with its place and hint below it."""
        self._plain.warn(problem, hint, location=location)

    def output(self, chunk: bytes) -> None:
        """Write the whole lines of foreign output, indented, unless quiet; markers of sections in them do nothing."""
        if not self._quiet:
            self._quote(self._foreign.add(chunk))

    def error(self, error: BaseException) -> None:
        """Write the error; the traceback of a bug when verbose."""
        self.close()
        self._plain.error(error)

    def mask(self, secret: Secret) -> None:
        """Do nothing: a `Secret` never prints itself."""

    def close(self) -> None:
        """Write the unended last lines of foreign output."""
        self._quote(self._foreign.rest())

    def _marker(self, what: str, name: str) -> str:
        """Return the line that the log viewer reads as the beginning or end of a section (GitLab, "Job logs")."""
        return f"\x1b[0Ksection_{what}:{int(self._now())}:{name}\r\x1b[0K"

    def _quote(self, lines: list[str]) -> None:
        self._plain.write([f"  {_coloured(line)}" for line in lines])


def _coloured(line: str) -> str:
    """Return a foreign line in which colours are all that is left of control codes, and end where it ends."""
    parts = _COLOURS.split(line.replace("\t", " "))
    shown = "".join(part if index % 2 else visible(part) for index, part in enumerate(parts))
    return shown + (_PLAIN_AGAIN if len(parts) > 1 else "")
