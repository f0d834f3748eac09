"""A listener that keeps what it is told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class KeptProgress:
    """Lines and warnings, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Keep the title of a part."""
        self.lines.append(title)
        yield

    def info(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)

    def detail(self, text: str) -> None:
        """Keep a line that only the curious see."""
        self.lines.append(text)

    def warn(self, problem: str, hint: str = "", *, location: object = None) -> None:
        """Keep a warning with all that belongs to it."""
        self.warnings.append(" ".join(str(part) for part in (location, problem, hint) if part))

    def output(self, chunk: bytes) -> None:
        """Keep what a foreign program printed."""
        self.lines.append(chunk.decode(errors="replace"))
