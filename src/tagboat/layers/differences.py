"""Entries that say nothing new, left out of a layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import BinaryIO

from tagboat.errors import MachineError
from tagboat.layers.attributes import is_kept
from tagboat.layers.blocks import BLOCK_BYTES
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tree import Tree

_MARKS = frozenset({Kind.WHITEOUT, Kind.OPAQUE})


def differences(entries: Iterable[Entry], tree: Tree) -> list[Entry]:
    """Return, in their order, those entries of a scan that change `tree`, the root file system before it.

    Times are compared in seconds, attributes as far as layers carry them (`attributes.is_kept`), contents when all
    else is equal. Kept even when equal are what a directory that was emptied holds again, and hard links between other
    names than before. A directory that is left out may have members that are not. Raises `MachineError` when a content
    cannot be read, and what opening one in the tree raises.
    """
    given = tuple(entries)
    emptied = {entry.path for entry in given if entry.kind is Kind.OPAQUE and tree.children(entry.path)}
    news = [_is_news(entry, tree, emptied) for entry in given]
    relinked = _relinked(given, news, tree, emptied)
    return [entry for entry, is_news in zip(given, news, strict=True) if is_news or entry.path in relinked]


def _is_news(entry: Entry, tree: Tree, emptied: Collection[str]) -> bool:
    """Say whether an entry changes the tree, hard links left aside."""
    if _is_below(entry.path, emptied):
        return entry.kind not in _MARKS
    before = tree.get(entry.path)
    match entry.kind:
        case Kind.OPAQUE:
            return entry.path in emptied
        case Kind.WHITEOUT:
            return before is not None
        case _:
            return before is None or _attributes(entry) != _attributes(before) or not _has_content_of(before, entry)


def _attributes(entry: Entry) -> tuple[object, ...]:
    """Return what is compared of an entry; the mode of a symlink means nothing."""
    return (
        entry.kind,
        0 if entry.kind is Kind.SYMLINK else entry.mode,
        entry.uid,
        entry.gid,
        entry.mtime,
        entry.size,
        entry.target,
        entry.device,
        {name: value for name, value in entry.xattrs.items() if is_kept(name)},
    )


def _has_content_of(before: Entry, entry: Entry) -> bool:
    """Compare two files of one size; a content that is not at hand counts as another."""
    if not entry.size:
        return True
    if entry.content is None or before.content is None:
        return False
    try:
        with entry.content.open() as one, before.content.open() as other:
            return _is_equal(one, other, entry.size)
    except OSError as error:
        raise MachineError(f"/{entry.path} cannot be compared: {error.strerror or error}") from error


def _is_equal(one: BinaryIO, other: BinaryIO, size_bytes: int) -> bool:
    """Compare so many bytes of two streams; one that ends before is different."""
    left = size_bytes
    while left:
        wanted = min(left, BLOCK_BYTES)
        block = _read(one, wanted)
        if len(block) < wanted or block != _read(other, wanted):
            return False
        left -= wanted
    return True


def _read(stream: BinaryIO, size_bytes: int) -> bytes:
    """Return that many bytes, fewer only at the end."""
    block = stream.read(size_bytes)
    while len(block) < size_bytes and (more := stream.read(size_bytes - len(block))):
        block += more
    return block


def _relinked(given: tuple[Entry, ...], news: list[bool], tree: Tree, emptied: Collection[str]) -> set[str]:
    """Return the paths of entries that are no news themselves, but have other names for the same file than before.

    Names that were deleted or replaced leave the others as they are.
    """
    suspects = [
        (entry, before)
        for entry, is_news in zip(given, news, strict=True)
        if not is_news and entry.kind not in _MARKS and (before := tree.get(entry.path))
        if entry.link_group is not None or before.link_group is not None
    ]
    if not suspects:
        return set()
    names_now, names_before = _names_by_group(given), _names_by_group(tree.walk())
    taken = {entry.path for entry, is_news in zip(given, news, strict=True) if is_news}
    no_directories = {entry.path for entry in given if entry.kind not in {Kind.DIRECTORY, Kind.OPAQUE}}
    closed = no_directories.union(emptied)
    relinked = set()
    for entry, before in suspects:
        now = names_now.get(entry.link_group, {entry.path})
        then = names_before.get(before.link_group, {entry.path})
        if now != {name for name in then if name not in taken and not _is_below(name, closed)}:
            relinked.add(entry.path)
    return relinked


def _names_by_group(entries: Iterable[Entry]) -> Mapping[Hashable, set[str]]:
    names = defaultdict(set)
    for entry in entries:
        if entry.link_group is not None:
            names[entry.link_group].add(entry.path)
    return names


def _is_below(path: str, folders: Collection[str]) -> bool:
    """Say whether a path lies below one of the folders, itself not counted."""
    while path and folders:
        path = path.rpartition("/")[0]
        if path in folders:
            return True
    return False
