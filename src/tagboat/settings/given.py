"""The value of one input as somebody gave it, and where."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagboat.errors import InputError, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value with its source.

    `texts` holds one text for each time a flag was given or for each item of an array, else exactly one. `source` is
    what people know the place by: `--tags`, `INPUT_TAGS`, `tagboat.toml`; `line` counts from 1 in a file, 0 elsewhere.
    Relative paths start from `folder`. `items_apart` says that each text is one item already. `problem` and `hint`
    stand for a value that could not be read at all.
    """

    texts: tuple[str, ...] = ()
    source: str
    line: int = 0
    folder: Path = Path()
    items_apart: bool = False
    problem: str = ""
    hint: str = ""

    def fault(self, name: str, problem: str, hint: str = "") -> InputError:
        """Return the error that names the input and its source."""
        location = Location(file=self.source, line=self.line) if self.line else None
        where = "" if location else f" (from {self.source})"
        return InputError(f"{name}: {problem}{where}", hint, location=location)

    def one(self) -> str:
        """Return the only text; raises `InputError` when several differ."""
        texts = dict.fromkeys(text.strip() for text in self.texts)
        if len(texts) > 1:
            raise InputError(f"given {len(self.texts)} times: {', '.join(map(repr, texts))}", "give it once")
        return next(iter(texts))

    def items(self, *, commas: bool = False) -> tuple[str, ...]:
        """Return the items, trimmed and without empty ones; `commas` part items as line ends do.

        A variable may hold a JSON array too: GitLab writes its array inputs so.
        """
        apart = self.texts if self.items_apart else tuple(item for text in self.texts for item in _split(text))
        parted = (part for item in apart for part in (item.split(",") if commas else (item,)))
        return tuple(item for item in map(str.strip, parted) if item)

    def text(self) -> str:
        """Return all as lines, for the tag engine's own grammar; raises `InputError` for an item of several lines."""
        if not self.items_apart:
            return "\n".join("\n".join(_json_items(text) or (text,)) for text in self.texts)
        for item in self.texts:
            if "\n" in item:
                raise InputError(f"{item!r} holds a line break", "write one line an item")
        return "\n".join(self.texts)


def _split(text: str) -> Iterator[str]:
    """Yield the lines; one that begins with a quote runs to the closing quote, over line ends (RFC 4180).

    That is how docker's actions take a build argument of several lines.
    """
    listed = _json_items(text)
    if listed:
        yield from listed
        return
    lines = iter(text.splitlines())
    for line in lines:
        item = line.strip()
        if not item.startswith('"'):
            yield item
            continue
        while item.count('"') % 2:
            following = next(lines, None)
            if following is None:
                raise InputError("a quoted item has no closing quote", 'end it with "')
            item += "\n" + following
        yield ",".join(next(csv.reader([item], strict=False)))


def _json_items(text: str) -> tuple[str, ...]:
    """Return the items of a JSON array of texts, none when the text is no such array."""
    if not text.lstrip().startswith("["):
        return ()
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    return tuple(document) if all(isinstance(item, str) for item in document) else ()
