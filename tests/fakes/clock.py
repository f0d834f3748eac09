"""A clock that only moves when somebody sleeps."""

from __future__ import annotations


class Clock:
    """Unix time that stands still; `slept` is what was waited for, in order."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time = start
        self.slept: list[float] = []

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self.slept.append(seconds)
        self.time += seconds
