"""Which files the sources of a COPY name: wildcards, symlinks, --parents and --exclude."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tagboat.build.filetree import FileTree
from tagboat.dockerfile.glob import has_wildcard, match_path
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.layers.changes import Entry, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One source: where it lies in its tree (symlinks followed), and the name that it was asked for by.

    `kept` is the part of the path that --parents keeps below the destination, `above` the part before it.
    """

    path: str
    name: str
    above: str = ""
    kept: str = ""


def find_sources(tree: FileTree, pattern: str, *, parents: bool) -> list[Found] | None:
    """Return what a source names, sorted; None when a name without wildcards names nothing.

    A wildcard that matches nothing gives an empty list, which is no error (BuildKit's AllowEmptyWildcard). Paths that
    lead above the root stay at the root.
    """
    head, pivot, tail = pattern.partition("/./") if parents else (pattern, "", "")
    cleaned = _clean(f"{head}/{tail}" if pivot else pattern)
    above = _clean(head) if pivot else ""
    cut = len(above) + 1 if above else 0
    if not has_wildcard(cleaned):
        path = tree.resolve(cleaned)
        if tree.get(path) is None:
            return None
        return [Found(path=path, name=posixpath.basename(cleaned), above=above, kept=cleaned[cut:])]
    matches = _deep_matches(tree, cleaned) if parents else _matches(tree, cleaned)
    return [Found(path=path, name=posixpath.basename(path), above=above, kept=path[cut:]) for path in matches]


def files_below(tree: FileTree, path: str, exclude: IgnoreRules | None) -> Iterator[tuple[str, Entry]]:
    """Yield what lies below a directory with its path relative to it, parents first, what `exclude` names left out.

    An excluded directory shows only before something in it that a `!` pattern takes back.
    """
    start = len(path) + 1 if path else 0
    waiting: list[tuple[str, Entry]] = []
    for entry in tree.walk(path):
        relative = entry.path[start:]
        if not relative:
            continue
        if exclude is not None:
            while waiting and not relative.startswith(waiting[-1][0] + "/"):
                waiting.pop()
            if exclude.ignored(relative):
                if entry.kind is Kind.DIRECTORY:
                    waiting.append((relative, entry))
                continue
            yield from waiting
            waiting.clear()
        yield relative, entry


def _matches(tree: FileTree, pattern: str) -> list[str]:
    """Return the paths that a pattern matches part by part; the part before the first wildcard follows symlinks."""
    parts = pattern.split("/")
    literal = next(number for number, part in enumerate(parts) if has_wildcard(part))
    found = [tree.resolve("/".join(_unescaped(part) for part in parts[:literal]))]
    for part in parts[literal:]:
        found = [posixpath.join(path, name) for path in found for name in tree.children(path) if match_path(part, name)]
    return sorted(found)


def _deep_matches(tree: FileTree, pattern: str) -> list[str]:
    """Return the paths that a --parents pattern matches; `**` crosses directories, a match is not entered."""
    rules = IgnoreRules.of([pattern])
    found: list[str] = []
    for entry in tree.walk(_literal_prefix(pattern)):
        inside = found and entry.path.startswith(found[-1] + "/")
        if entry.path and not inside and rules.ignored(entry.path):
            found.append(entry.path)
    return found


def _literal_prefix(pattern: str) -> str:
    """Return the directories of a pattern before its first wildcard: nothing outside them can match."""
    parts = pattern.split("/")
    literal = next(number for number, part in enumerate(parts) if has_wildcard(part))
    return "/".join(parts[:literal])


def _clean(path: str) -> str:
    return posixpath.normpath("/" + path).lstrip("/")


def _unescaped(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part)
