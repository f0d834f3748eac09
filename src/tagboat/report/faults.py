"""Errors as people read them: the problem, the place with its line, the hint."""

from __future__ import annotations

import unicodedata

from tagboat.errors import FaultsError, Location, TagboatError
from tagboat.report.escaping import clipped, visible, visible_lines

_LONGEST_LINE = 160


def render_error(error: TagboatError) -> str:
    """Return the lines that tell a person about an error, without a newline at the end.

    Several faults stand one after the other, with their number at the end.
    """
    faults = flattened(error)
    blocks = [_block(fault) for fault in faults]
    if len(faults) > 1:
        blocks.append(f"{len(faults)} errors")
    return "\n".join(blocks)


def unexpected(error: BaseException) -> str:
    """Return the lines for an exception that nothing foresaw: a bug of ours, exit code 1."""
    said = " ".join(visible_lines(str(error)))
    named = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return (
        f"error: this is a bug in Tagboat: {named}\n"
        "  hint: run it again with --verbose to see the traceback, and report that in Tagboat's issue tracker"
    )


def flattened(error: TagboatError) -> list[TagboatError]:
    """Return the single faults of an error: itself, or those that were collected in it."""
    if isinstance(error, FaultsError):
        return [single for fault in error.faults for single in flattened(fault)]
    return [error]


def labelled(label: str, text: str, indent: str = "") -> str:
    """Return `label: text`, the further lines of the text indented below its first."""
    first, *rest = visible_lines(text)
    return "\n".join([f"{indent}{label}: {first}", *(f"{indent}  {line}" for line in rest)])


def excerpt(location: Location) -> list[str]:
    """Return the line that a location points at with its number, and a caret below it where the column is known."""
    if not location.text:
        return []
    number = str(location.line)
    lines = [f"   {number} | {clipped(visible_lines(location.text)[0], _LONGEST_LINE)}"]
    if 0 < location.column < _LONGEST_LINE:
        before = visible(location.text[: location.column - 1].replace("\t", " "))
        lines.append(f"   {' ' * len(number)} | {' ' * _cells(before)}^")
    return lines


def _block(error: TagboatError) -> str:
    lines = [labelled("error", error.problem)]
    if error.location:
        lines += [f"  --> {visible(str(error.location))}", *excerpt(error.location)]
    if error.hint:
        lines.append(labelled("hint", error.hint, "  "))
    return "\n".join(lines)


def _cells(text: str) -> int:
    """Return how many terminal cells a text fills: East Asian wide characters fill two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
