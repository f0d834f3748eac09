"""The text of a workflow with some of its steps written anew; every other line stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tagboat.tools.migrate.actions import TAGBOAT
from tagboat.tools.migrate.document import Entry, Span, Step, Workflow
from tagboat.tools.migrate.inputs import Given

_PLAIN = re.compile(r"(?:[A-Za-z0-9_./$]|\$\{\{)(?:(?!: | #)[^\n])*(?<![:\s])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Lines that take the place of a span."""

    span: Span
    lines: tuple[str, ...] = ()


def apply_edits(lines: Sequence[str], edits: Iterable[Edit]) -> str:
    """Return the text after all edits, which do not overlap."""
    new = list(lines)
    for edit in sorted(edits, key=lambda edit: (edit.span.first, edit.span.end), reverse=True):
        new[edit.span.first : edit.span.end] = edit.lines
    return "\n".join(new) + "\n"


def removal(step: Step, workflow: Workflow) -> Edit:
    """Return the edit that takes a step away, with the comment above it and one of the blank lines around it."""
    first, end, lines = step.span.first, step.span.end, workflow.lines
    while _is_comment(lines[first - 1]):
        first -= 1
    is_last = end >= len(lines) or not lines[end].strip()
    if is_last and not lines[first - 1].strip():
        first -= 1
    return Edit(span=Span(first=first, end=end))


def checkout_before(step: Step, workflow: Workflow) -> Edit:
    """Return the edit that checks the sources out before a step."""
    at = step.span.first
    while _is_comment(workflow.lines[at - 1]):
        at -= 1
    indent = workflow.lines[step.span.first].partition("-")[0]
    return Edit(span=Span(first=at, end=at), lines=(f"{indent}- uses: actions/checkout@v4", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step as it is to become: Tagboat's, with these inputs; `id` and `env` are added to what it has."""

    step: Step
    given: Sequence[Given]
    id: str = ""
    env: Sequence[Given] = ()


def replacement(new: NewStep, workflow: Workflow) -> Edit:
    """Return the edit that makes a step Tagboat's; name, id, condition and the like keep their lines."""
    return Edit(span=new.step.span, lines=tuple(_step_lines(new, workflow.lines)))


def _step_lines(new: NewStep, lines: Sequence[str]) -> Iterator[str]:
    at = new.step.span.first
    column = new.step.entries[0].column
    names = {entry.key for entry in new.step.entries}
    for entry in new.step.entries:
        yield from lines[at : entry.span.first]
        lead = lines[entry.span.first][: entry.column]
        match entry.key:
            case "uses":
                yield f"{lead}uses: {TAGBOAT}"
                yield from _id_lines(new, column)
                if "with" not in names and new.given:
                    yield from _table("with", new.given, " " * column, lines)
            case "with":
                yield from _table("with", new.given, lead, lines, _inner_column(entry))
            case "env" if new.env:
                yield from lines[entry.span.first : entry.span.end]
                yield from _entries(new.env, _inner_column(entry), lines)
            case _:
                yield from lines[entry.span.first : entry.span.end]
        at = entry.span.end
    if new.env and "env" not in names:
        yield from _table("env", new.env, " " * column, lines)


def _id_lines(new: NewStep, column: int) -> Iterator[str]:
    if new.id and not new.step.text("id"):
        yield f"{' ' * column}id: {new.id}"


def _inner_column(entry: Entry) -> int:
    return entry.inner[0].column if entry.inner else entry.column + 2


def _table(key: str, given: Sequence[Given], lead: str, lines: Sequence[str], column: int = 0) -> Iterator[str]:
    if given:
        yield f"{lead}{key}:"
        yield from _entries(given, column or len(lead) + 2, lines)


def _entries(given: Sequence[Given], column: int, lines: Sequence[str]) -> Iterator[str]:
    for one in given:
        yield from _copied(one.entry, column, lines) if one.entry else _written(one.name, one.value, column)


def _copied(entry: Entry, column: int, lines: Sequence[str]) -> Iterator[str]:
    """Yield an entry's own lines, and the comment above it, moved to another column."""
    first = entry.span.first
    while _is_comment(lines[first - 1]):
        first -= 1
    by = column - entry.column
    for line in lines[first : entry.span.end]:
        moved = " " * by + line if by >= 0 else line.removeprefix(" " * -by)
        yield moved if line.strip() else ""


def _written(name: str, value: str, column: int) -> Iterator[str]:
    indent = " " * column
    if "\n" not in value:
        shown = value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
        yield f"{indent}{name}: {shown}"
        return
    yield f"{indent}{name}: |"
    for line in value.rstrip("\n").split("\n"):
        yield f"{indent}  {line}".rstrip()


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")
