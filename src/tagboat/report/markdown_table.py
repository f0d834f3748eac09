"""Markdown tables and lists that never grow over a budget of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, budget_bytes: int) -> list[str]:
    """Return the lines of a table whose cells are escaped already; the rows over the budget are counted at its end."""
    lines = [_row(headings), _row(["---"] * len(headings))]
    return lines + within([_row(row) for row in rows], budget_bytes)


def within(lines: Sequence[str], budget_bytes: int) -> list[str]:
    """Return the lines that fit the budget, and how many do not."""
    used = 0
    for number, line in enumerate(lines):
        used += len(line.encode("utf-8", "backslashreplace")) + 1
        if used > budget_bytes:
            return [*lines[:number], "", f"… and {len(lines) - number} more."]
    return list(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
