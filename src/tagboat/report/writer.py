"""Whole lines to a stream that several threads share."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TextIO


class LineWriter:
    """A stream of lines; what one call writes stays together."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, lines: Sequence[str]) -> None:
        """Write the lines, if any, and flush."""
        if not lines:
            return
        with self._lock:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
