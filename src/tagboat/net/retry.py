"""Whether and when a failed request is tried again: pure decisions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

TRIES = 5
_TRANSIENT = frozenset({408, 429, 499, 500, 502, 503, 504, 522})
_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
_LONGEST_ORDERED_SECONDS = 300.0  # Docker Hub orders hours when a quota is used up; no CI job should sleep them away


def is_transient(status: int) -> bool:
    """Say whether a reply of this status may be another one a moment later."""
    return status in _TRANSIENT


def delay_seconds(attempt: int, *, random: float, now: float, headers: Mapping[str, str] | None = None) -> float | None:
    """Return how long to wait after try number `attempt` (from 1), or None when that was the last one.

    `random` is in [0, 1), `now` is Unix time. The server's own wish (`Retry-After` in seconds or as a date, or Docker
    Hub's `X-Retry-After` in Unix time) wins over ours, which doubles from half a second with full jitter.
    """
    if attempt >= TRIES:
        return None
    ordered = _ordered_seconds(headers or {}, now)
    if ordered is not None:
        return ordered if ordered <= _LONGEST_ORDERED_SECONDS else None
    longest: float = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
    return random * longest


def _ordered_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return the wait that the server asks for; what cannot be read counts as not said."""
    wish = headers.get("retry-after", "").strip()
    seconds = _number(wish)
    if seconds is None and wish:
        seconds = _until_date(wish, now)
    if seconds is None:
        at = _number(headers.get("x-retry-after", ""))
        seconds = None if at is None else at - now
    return None if seconds is None else max(0.0, seconds)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _until_date(text: str, now: float) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except ValueError:
        return None
