"""What a step tells the people who wait for it; how it looks is decided in `report` and `cli`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from tagboat.errors import Location


class Progress(Protocol):
    """A listener to a run; its methods may be called from several threads at once."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """Open a part of the run that can be folded away; closed when the block ends, also by an error."""

    def info(self, text: str) -> None:
        """Tell one line of what was done."""

    def detail(self, text: str) -> None:
        """Tell one line that only `--verbose` shows."""

    def warn(self, problem: str, hint: str = "", *, location: Location | None = None) -> None:
        """Tell what the user should look at; the run goes on."""

    def output(self, chunk: bytes) -> None:
        """Pass on what a foreign program printed; it is not trusted to be free of CI commands."""
