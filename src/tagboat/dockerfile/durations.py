"""Durations as Go writes them: `1h30m`, `1.5s`, `0`."""

from __future__ import annotations

import re
from decimal import Decimal

from tagboat.dockerfile.faults import LanguageError

_UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # the micro sign
    "\u03bcs": 1_000,  # the Greek letter
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(" + "|".join(sorted(_UNIT_NS, key=len, reverse=True)) + ")", re.ASCII)
_LARGEST_NS = 2**63 - 1


def parse_duration(text: str) -> int:
    """Return the nanoseconds of a duration, which may be negative; raises `LanguageError`."""
    digits = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if digits == "0":
        return 0
    total, position = 0, 0
    while match := _PART.match(digits, position):
        total += int(Decimal(match[1]) * _UNIT_NS[match[2]])
        position = match.end()
    if not digits or position != len(digits) or total > _LARGEST_NS:
        raise LanguageError(f"{text!r} is not a duration", "write a number with a unit, such as 30s or 1m30s")
    return -total if text.startswith("-") else total


def show_duration(nanoseconds: int) -> str:
    """Return a duration as Go's String method writes it: `5m0s`, `1.5s`, `250ms`, `0s`."""
    if 0 < nanoseconds < _UNIT_NS["s"]:
        unit = next(name for name in ("ms", "\u00b5s", "ns") if nanoseconds >= _UNIT_NS[name])
        return f"{Decimal(nanoseconds) / _UNIT_NS[unit]:f}{unit}"
    minutes, rest = divmod(nanoseconds, _UNIT_NS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = f"{(Decimal(rest) / _UNIT_NS['s']).normalize():f}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds
