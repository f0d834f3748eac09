"""The places of mounts in a root file system: where they are, and what has to be made for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tagboat.errors import DockerfileError
from tagboat.executors.command import Bind, Given, Mounted
from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.tree import Tree

_ALWAYS_THERE = ("proc", "sys", "dev")


def placed(mounts: Sequence[Mounted], tree: Tree) -> list[Mounted]:
    """Return the mounts with targets that no symlink of the tree is on the way to, outer ones before inner ones.

    Raises `DockerfileError` for a target where nothing of its kind can be.
    """
    found = [replace(mounted, target=tree.resolve(mounted.target)) for mounted in mounts]
    for mounted, asked in zip(found, mounts, strict=True):
        _check(mounted, asked.target, tree)
    return sorted(found, key=lambda mounted: mounted.target)


def missing_places(mounts: Iterable[Mounted], tree: Tree) -> list[Entry]:
    """Return what a tree lacks for mounts to be put on, and for /proc, /sys and /dev; parents first."""
    missing = {path: _folder(path) for path in _ALWAYS_THERE if path not in tree}
    for mounted in mounts:
        if mounted.target not in tree:
            place = Entry(mounted.target, Kind.FILE, 0o644, content=BytesContent(b""))
            missing.setdefault(mounted.target, place if _is_file(mounted) else _folder(mounted.target))
    for path in list(missing):
        while (path := path.rpartition("/")[0]) not in tree:
            missing[path] = _folder(path)
    return [missing[path] for path in sorted(missing)]


def with_known_parents(places: Iterable[Entry], tree: Tree) -> list[Entry]:
    """Return places, and before them the folders of the tree that they are in, as they are."""
    entries = {place.path: place for place in places}
    for path in list(entries):
        while path := path.rpartition("/")[0]:
            if (entry := tree.get(path)) is not None:
                entries[path] = entry
    return [entries[path] for path in sorted(entries)]


def without_places(found: Iterable[Entry], places: Iterable[Entry]) -> list[Entry]:
    """Return what was found but for places that are as they were made, and hold nothing that is new."""
    made = {place.path: place for place in places}
    entries = list(found)
    news = {entry.path for entry in entries if not _is_as_made(entry, made.get(entry.path))}
    for path in list(news):
        while path := path.rpartition("/")[0]:
            news.add(path)
    return [entry for entry in entries if entry.path in news]


def _check(mounted: Mounted, asked: str, tree: Tree) -> None:
    """Raise what is wrong with a target: it, or what is above it, is of another kind than it has to be."""
    is_file, there, fault = _is_file(mounted), tree.get(mounted.target), ""
    if not mounted.target:
        fault = "it is the root"
    elif there is not None and (there.kind is Kind.DIRECTORY) is is_file:
        fault = f"it is a {there.kind}, and what would be mounted is {'a file' if is_file else 'a folder'}"
    path = mounted.target
    while path := path.rpartition("/")[0]:
        if (parent := tree.get(path)) is not None and parent.kind is not Kind.DIRECTORY:
            fault = f"/{path} is no folder"
    if fault:
        raise DockerfileError(f"RUN: nothing can be mounted at {asked}: {fault}", "choose another target")


def _is_file(mounted: Mounted) -> bool:
    return isinstance(mounted, Given) or (isinstance(mounted, Bind) and not os.path.isdir(mounted.source))


def _is_as_made(entry: Entry, place: Entry | None) -> bool:
    """Compare all that a command may change; a folder's time changes with what is in it."""
    return place is not None and entry[:5] == place[:5] and not entry.size


def _folder(path: str) -> Entry:
    return Entry(path, Kind.DIRECTORY, 0o755)
