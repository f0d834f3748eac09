"""Colours on a terminal, for the words that a reader looks for first."""

from __future__ import annotations

import re

_CODES = {
    "made": 32,
    "pushed": 32,
    "unchanged": 36,
    "duplicate": 36,
    "withheld": 33,
    "skipped": 90,
    "failed": 31,
}
_OUTCOME = re.compile(rf"(?:^|(?<=  ))(?:{'|'.join(_CODES)})(?=  |$)")


def coloured(line: str) -> str:
    """Return a table's line with its outcome, the first cell that is the word of one, in colour."""
    return _OUTCOME.sub(lambda word: f"\x1b[{_CODES[word[0]]}m{word[0]}\x1b[0m", line, count=1)
