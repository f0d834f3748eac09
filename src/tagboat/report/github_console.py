"""Progress in GitHub's log, by the runner's workflow commands."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from tagboat.errors import Location, MachineError, TagboatError
from tagboat.report.escaping import command_data, command_property, harmless, visible, visible_lines
from tagboat.report.faults import excerpt, flattened, labelled, unexpected
from tagboat.report.foreign import ForeignLines
from tagboat.report.writer import LineWriter
from tagboat.secret import Secret

_MOST_ANNOTATIONS = 10  # GitHub shows ten warnings and ten errors of a step, and drops the rest


class GitHubProgress:
    """Lines for GitHub's log, folded into groups, with warnings and errors as annotations.

    Groups cannot nest there: an inner title is a line of the outer group. A group is closed after an error too, since
    GitHub folds an open one around everything that follows it, the error itself included. `token` returns an
    unforeseeable word at each call: foreign output stands between `::stop-commands::` and that word.
    """

    def __init__(self, stream: TextIO, *, token: Callable[[], str], quiet: bool = False, verbose: bool = False) -> None:
        self._writer = LineWriter(stream)
        self._token = token
        self._quiet = quiet
        self._verbose = verbose
        self._lock = threading.RLock()
        self._foreign = ForeignLines()
        self._open_groups = 0
        self._annotations = {"warning": 0, "error": 0}

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what follows below the title, until the outermost group ends."""
        with self._lock:
            self._open_groups += 1
            outermost = self._open_groups == 1 and not self._quiet
            if outermost:
                self._writer.write([f"::group::{command_data(visible(title))}"])
            else:
                self.info(title)
        try:
            yield
        finally:
            self.close()
            with self._lock:
                self._open_groups -= 1
                if outermost:
                    self._writer.write(["::endgroup::"])

    def info(self, text: str) -> None:
        """Write the text, unless quiet."""
        if not self._quiet:
            self._say(text)

    def detail(self, text: str) -> None:
        """Write the text when verbose."""
        if self._verbose:
            self._say(text)

    def warn(self, problem: str, hint: str = "", *, location: Location | None = None) -> None:
        """Annotate the run and, where there is a location, the file; a plain line once GitHub would drop it."""
        self._annotate("warning", problem, hint, location)

    def output(self, chunk: bytes) -> None:
        """Write the whole lines of foreign output, unless quiet; commands in them have no effect."""
        if not self._quiet:
            self._quote(self._foreign.add(chunk))

    def error(self, error: BaseException) -> None:
        """Annotate the run with the error, one by one where it holds several."""
        self.close()
        if isinstance(error, TagboatError):
            for fault in flattened(error):
                self._annotate("error", fault.problem, fault.hint, fault.location)
            return
        if self._verbose:
            self._say("".join(traceback.format_exception(error)))
        self._annotate("error", unexpected(error).removeprefix("error: "), "", None)

    def mask(self, secret: Secret) -> None:
        """Have the runner replace the secret, line by line, in every log from here on."""
        self._writer.write(
            [f"::add-mask::{command_data(line)}" for line in secret.reveal().splitlines() if line.strip()]
        )

    def close(self) -> None:
        """Write the unended last lines of foreign output."""
        self._quote(self._foreign.rest())

    def _annotate(self, level: str, problem: str, hint: str, location: Location | None) -> None:
        lines = [*visible_lines(problem), *(excerpt(location) if location else [])]
        if hint:
            lines += labelled("hint", hint).splitlines()
        with self._lock:
            self._annotations[level] += 1
            if self._annotations[level] > _MOST_ANNOTATIONS:
                place = f"{location}: " if location else ""
                self._say(f"{level}: {place}" + "\n".join(lines))
            else:
                data = command_data("\n".join(lines))
                self._writer.write([f"::{level} {_properties(location)}::{data}"])

    def _say(self, text: str) -> None:
        self._writer.write([harmless(line) for line in visible_lines(text)])

    def _quote(self, lines: list[str]) -> None:
        """Write foreign lines while the runner listens to nothing but a word that nobody could have printed."""
        if not lines:
            return
        token = self._token()
        if any(token in line for line in lines):
            raise MachineError("the random word that ends foreign output occurs in it", "run it again")
        self._writer.write([f"::stop-commands::{token}", *lines, f"::{token}::"])


def _properties(location: Location | None) -> str:
    """Return where an annotation belongs, in the form `file=…,line=…,title=…`."""
    properties = {"title": "Tagboat"}
    if location:
        properties = {
            "file": location.file,
            "line": str(location.line),
            **({"endLine": str(location.end_line)} if location.end_line else {}),
            **({"col": str(location.column)} if location.column else {}),
            **properties,
        }
    return ",".join(f"{key}={command_property(value)}" for key, value in properties.items())
