"""The attributes of one rule: where each stands, what it says, and all that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from tagboat.errors import InputError
from tagboat.tags.records import Record
from tagboat.tags.template import Template

_T = TypeVar("_T")
_COMPONENT = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@_./-]*")


@dataclass(slots=True)
class Attributes:
    """The attributes of a line by key in lower case, the last of equal ones; `faults` grow while they are read."""

    record: Record
    values: dict[str, str] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    faults: list[InputError] = field(default_factory=list)

    @classmethod
    def of(cls, record: Record) -> Attributes:
        """Return the attributes that a record's fields name; a field without `=` is the value."""
        found = cls(record)
        for text, column in zip(record.fields, record.columns, strict=True):
            name, equals, value = text.partition("=")
            key = name.strip().lower() if equals else "value"
            found.values[key] = value.strip() if equals else text.strip()
            found.columns[key] = column + len(text) - len(text.lstrip())
        return found

    def fault(self, key: str, problem: str, hint: str) -> None:
        """Note what is wrong with an attribute, or with the line where it has none of that key."""
        column = f", column {self.columns[key]}" if key in self.columns else ""
        self.faults.append(
            InputError(f"tags: line {self.record.number}{column}: {self.record.line!r}: {problem}", hint)
        )

    def text(self, key: str, default: str = "") -> str:
        """Return an attribute as it is written."""
        return self.values.get(key, default)

    def required(self, key: str, example: str) -> str:
        """Return an attribute that must be there, `example` in its place where it is not; only `value` may be empty."""
        if self.values.get(key) or (key == "value" and key in self.values):
            return self.values[key]
        self.fault(key, f"the attribute {key}= is missing", f"write {key}={example}")
        return example

    def parsed(self, key: str, text: str, parse: Callable[[str], _T], sound: str = "") -> _T:
        """Return what `parse` makes of an attribute's text, of `sound` where that is refused."""
        try:
            return parse(text)
        except InputError as error:
            self.fault(key, error.problem, error.hint)
            return parse(sound)

    def template(self, key: str, default: str = "") -> Template:
        """Return an attribute whose text may hold expressions."""
        return self.parsed(key, self.text(key, default), Template.parse)

    def optional(self, key: str, default: str | None = None) -> Template | None:
        """Return such an attribute; None where it is not written and has no default."""
        return self.template(key, default or "") if key in self.values or default is not None else None

    def choice(self, key: str, default: str, choices: Iterable[str]) -> str:
        """Return an attribute that takes a few words only; the first of them where it is another."""
        text, words = self.text(key, default), list(choices)
        if text in words:
            return text
        self.fault(key, f"{key}={text} is an invalid {key}", nearest(text, words, f"{key}="))
        return words[0]

    def component(self) -> str:
        """Return the component whose git tags alone count, empty for all."""
        name = self.text("component")
        if name and not _COMPONENT.fullmatch(name):
            self.fault("component", f"component={name} is no name of a component", "write component=app")
        return name


def nearest(word: str, words: Iterable[str], prefix: str = "") -> str:
    """Return the hint that names the word which was probably meant, else all of them."""
    known = list(words)
    near = get_close_matches(word.lower(), known, n=1)
    if near:
        return f"did you mean {prefix}{near[0]}?"
    return f"write {', '.join(f'{prefix}{known_word}' for known_word in known[:-1])} or {prefix}{known[-1]}"
