"""Sizes and times in words for people."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB")


def size_text(size_bytes: int) -> str:
    """Return a size in decimal units, as registries and `docker images` show it: `0 B`, `3.1 MB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    power = 1
    while power < len(_UNITS) and round(size_bytes / 1000**power, 1) >= 1000:
        power += 1
    return f"{size_bytes / 1000**power:.1f} {_UNITS[power - 1]}"


def duration_text(seconds: float) -> str:
    """Return a time as `0.4 s` or `2 min 5 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 name`, `2 names`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
