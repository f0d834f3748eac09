"""`tagboat.toml`: where it lies, and what a key of it gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagboat.errors import InputError, Location
from tagboat.flow.inputs import BY_NAME, Input, Kind
from tagboat.settings.given import Given

_NAME = "tagboat.toml"
_LISTS = {Kind.LINES, Kind.WORDS, Kind.RULES}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A `tagboat.toml`: its place, and the folder as the user wrote it, from which its relative paths start."""

    path: Path
    folder: Path

    @classmethod
    def find(cls, context: Path, cwd: Path) -> SettingsFile | None:
        """Return the file in the build context, else the one in the working folder, else None."""
        for folder in (context, Path()):
            path = cwd / folder / _NAME
            if path.is_file():
                return cls(path=path, folder=folder)
        return None

    def __str__(self) -> str:
        return str(self.folder / _NAME)

    def given(self, key: str, value: Any) -> Given:
        """Return what a key's value gives; one of the wrong form carries its problem."""
        entry = BY_NAME.get(key)
        texts = _texts(value, is_list=entry is not None and entry.kind in _LISTS)
        problem, hint = _objection(entry, value, texts) if entry else ("", "")
        return Given(
            texts=texts,
            source=str(self),
            line=self._line_of(key),
            folder=self.folder,
            items_apart=not isinstance(value, str),
            problem=problem,
            hint=hint,
        )

    def broken(self, error: Exception) -> InputError:
        """Return the error for a file that cannot be read or is no TOML."""
        line = re.search(r"at line (\d+)", str(error))
        location = Location(file=str(self), line=int(line[1])) if line else None
        return InputError(f"{self} cannot be read: {error}", "mend it, or move it away", location=location)

    def _line_of(self, key: str) -> int:
        """Return the line that sets `key`, 0 when it is written in an unusual form."""
        sets = re.compile(rf"\s*(\[\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return next((number for number, line in enumerate(lines, 1) if sets.match(line)), 0)


def _objection(entry: Input, value: Any, texts: tuple[str, ...]) -> tuple[str, str]:
    """Return the problem and the hint of a value that cannot stand in a file, two empty texts when it can."""
    if entry.secret:
        return "a secret has no place in a file of the repository", f"set {entry.variables[-1]}"
    if entry.flag_only:
        return "this is a flag only", f"write {entry.flag}"
    if texts or value in ([], {}):
        return "", ""
    return f"the value {value!r} has the wrong form", "write a text, or a list of texts where there are several"


def _texts(value: Any, *, is_list: bool) -> tuple[str, ...]:
    """Return the texts of a TOML value, a table's as `KEY=VALUE`; none when it is of the wrong form."""
    match value:
        case list() if is_list and all(isinstance(item, str | int | float) for item in value):
            return tuple(_plain(item) for item in value)
        case dict() if is_list and all(isinstance(item, str | int | float) for item in value.values()):
            return tuple(f"{key}={_plain(item)}" for key, item in value.items())
        case str() | bool() | int() | float():
            return (_plain(value),)
        case _:
            return ()


def _plain(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
