"""Columns of text that fit a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tagboat.report.escaping import clipped, visible

_GAP = "  "
_NARROWEST = 20


def columns(rows: Sequence[Sequence[str]], *, width: int, indent: str = "") -> list[str]:
    """Return the rows as lines of aligned columns; the last column wraps within `width`, below its own start.

    A column before the last takes at most a third of the width; where that cuts a text, an ellipsis says so.
    """
    if not rows:
        return []
    most = max(width // 3, _NARROWEST)
    shown = [[clipped(visible(cell), most) for cell in row[:-1]] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines: list[str] = []
    for cells, row in zip(shown, rows, strict=True):
        lead = indent + "".join(f"{cell:<{size}}{_GAP}" for cell, size in zip(cells, widths, strict=True))
        lines += _wrapped(lead, visible(row[-1]), width)
    return lines


def _wrapped(lead: str, text: str, width: int) -> list[str]:
    """Return the text behind its lead, what is too long for the line below its own start."""
    room = max(width - len(lead), _NARROWEST)
    first, *rest = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [(lead + first).rstrip(), *(" " * len(lead) + line for line in rest)]
