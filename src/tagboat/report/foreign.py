"""Output of foreign programs, cut into whole lines."""

from __future__ import annotations

import threading

_LONGEST_LINE = 65536


class ForeignLines:
    """Chunks in, whole lines out; each thread, as it listens to one program, has an unended line of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unended: dict[int, bytes] = {}

    def add(self, chunk: bytes) -> list[str]:
        """Return the lines that this chunk completes, in UTF-8 with what is none of it replaced.

        Of a line that a program drew over again (progress bars, by carriage returns) the last state is kept; one that
        does not end is cut after 64 KiB.
        """
        thread = threading.get_ident()
        with self._lock:
            *lines, unended = (self._unended.pop(thread, b"") + chunk).split(b"\n")
            while len(unended) > _LONGEST_LINE:
                lines.append(unended[:_LONGEST_LINE])
                unended = unended[_LONGEST_LINE:]
            if unended:
                self._unended[thread] = unended
        return [_text(line) for line in lines]

    def rest(self) -> list[str]:
        """Return the unended lines of all threads, and forget them."""
        with self._lock:
            lines = [_text(line) for line in self._unended.values()]
            self._unended.clear()
        return lines


def _text(line: bytes) -> str:
    return line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
