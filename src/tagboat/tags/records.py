"""How list inputs are cut into records and fields: one record a line, commas, comments, quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagboat.errors import InputError

_BLANK_OR_COMMENT = re.compile(r"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")
_QUOTED = re.compile(r'[^\S\n]*"((?:[^"]|"")*)"[^\S\n]*(?=,|\n|\Z)')
_PLAIN = re.compile(r"[^,\n]*")
_LINE = re.compile(r"[^\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One item of a list: the text as written and its fields, each without its quotes.

    `quoted` says that the whole item is one field in quotes; `stray_quote` that a plain field holds a quote. `number`
    is that of its line in the input, `columns` say where its fields begin there; both count from 1.
    """

    line: str
    fields: tuple[str, ...]
    number: int
    columns: tuple[int, ...]
    quoted: bool = False
    stray_quote: bool = False

    def unwrapped(self) -> Record:
        """Return the record with quotes around the whole of it taken away, which metadata-action's users need."""
        inner = split_records(self.fields[0]) if self.quoted else ()
        if len(inner) != 1:
            return self
        return Record(
            line=self.line,
            fields=inner[0].fields,
            number=self.number,
            columns=tuple(column + self.columns[0] for column in inner[0].columns),
            stray_quote=inner[0].stray_quote,
        )


def split_records(text: str) -> tuple[Record, ...]:
    """Cut a list input into records; blank lines and comments, indented or not, are dropped.

    A quoted field is read once: commas, `#`, line ends and doubled quotes inside belong to it.
    """
    text, position, records = _unix(text), 0, []
    while position < len(text):
        if skipped := _BLANK_OR_COMMENT.match(text, position):
            position = skipped.end()
            continue
        record, position = _read_record(text, position)
        records.append(record)
    return tuple(records)


def checked_records(text: str, name: str, faults: list[InputError]) -> tuple[Record, ...]:
    """Cut the list input `name` into records; those with a quote out of place become faults."""
    records = split_records(text)
    faults.extend(
        InputError(
            f"{name}: line {record.number}: {record.line!r} has a double quote inside an unquoted part, "
            "or one that is not closed",
            "quote the whole attribute and double the quotes inside, or use single quotes: {{date 'YYYYMMDD'}}",
        )
        for record in records
        if record.stray_quote
    )
    return tuple(record for record in records if not record.stray_quote)


def split_lines(text: str) -> tuple[str, ...]:
    """Cut an input of KEY=VALUE lines; only a line that begins with a quoted field loses its quotes."""
    return tuple(line for _, line in numbered_lines(text))


def numbered_lines(text: str) -> tuple[tuple[int, str], ...]:
    """Cut such an input, each line with its number in the input, from 1."""
    text, position, lines = _unix(text), 0, list[tuple[int, str]]()
    while position < len(text):
        if skipped := _BLANK_OR_COMMENT.match(text, position):
            position = skipped.end()
        elif _QUOTED.match(text, position):
            record, position = _read_record(text, position)
            lines.append((record.number, ",".join(record.fields).strip()))
        else:
            line = _match(_LINE, text, position)
            lines.append((text.count("\n", 0, position) + 1, line[0].strip()))
            position = line.end() + 1
    return tuple(lines)


def _read_record(text: str, start: int) -> tuple[Record, int]:
    fields, columns, position, quoted, stray = list[str](), list[int](), start, False, False
    while True:
        columns.append(position - start + 1)
        if found := _QUOTED.match(text, position):
            fields.append(found[1].replace('""', '"'))
            quoted = True
        else:
            found = _match(_PLAIN, text, position)
            fields.append(found[0])
            stray = stray or '"' in found[0]
        position = found.end() + 1
        if text[found.end() : position] != ",":
            break
    record = Record(
        line=text[start : found.end()].strip(),
        fields=tuple(fields),
        number=text.count("\n", 0, start) + 1,
        columns=tuple(columns),
        quoted=quoted and len(fields) == 1,
        stray_quote=stray,
    )
    return record, position


def _match(pattern: re.Pattern[str], text: str, position: int) -> re.Match[str]:
    found = pattern.match(text, position)
    assert found is not None, "the pattern matches the empty text too"
    return found


def _unix(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
