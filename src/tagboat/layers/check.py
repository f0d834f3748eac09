"""Checking a layer: its diff ID, and whether every extractor will make the same of its tar."""

from __future__ import annotations

import hashlib
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO, cast

from tagboat.errors import TagboatError
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.decompress import decompressed
from tagboat.layers.extract import tar_entries
from tagboat.layers.streams import ReadStream
from tagboat.layers.tree import Tree
from tagboat.oci.digest import Digest

_DELETIONS = {Kind.WHITEOUT, Kind.OPAQUE}


def check_layer(stream: BinaryIO, media_type: str, tree: Tree) -> tuple[Digest, list[str]]:
    """Return the diff ID of a layer and what is wrong with its tar, in words; `tree` is what lies below it.

    The layer is put on top of `tree`. Raises `LayoutError` when it cannot be read at all.
    """
    tar = _HashedStream(decompressed(stream, media_type))
    pairs = list(tar_entries(cast("BinaryIO", tar)))
    entries = [entry for _, entry in pairs if entry is not None]
    faults = [fault for member, entry in pairs for fault in _header_faults(member, entry)]
    faults.extend(f"{path!r} is there twice" for path in _repeated(entries))
    try:
        tree.apply(entries)
    except TagboatError as error:
        faults.append(str(error))
    faults.extend(_misplaced(entries, tree))
    return tar.digest, faults


class _HashedStream(ReadStream):
    """A stream whose digest is known once it has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()

    @property
    def digest(self) -> Digest:
        return Digest("sha256:" + self._sha256.hexdigest())

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._stream.read(size)
        self._sha256.update(chunk)
        return chunk


def _header_faults(member: tarfile.TarInfo, entry: Entry | None) -> Iterator[str]:
    if member.name.startswith("/"):
        yield f"{member.name!r} is an absolute path"
    if entry is None:
        yield f"{member.name!r} is of use to aufs alone"
    elif entry.kind in _DELETIONS and (member.size or not member.isreg()):
        yield f"the whiteout {member.name!r} is not an empty file"


def _repeated(entries: Sequence[Entry]) -> Iterator[str]:
    counts = Counter((entry.path, entry.kind is Kind.OPAQUE) for entry in entries)
    return (path for (path, _), count in counts.items() if count > 1)


def _misplaced(entries: Sequence[Entry], tree: Tree) -> Iterator[str]:
    """Yield what is not where its path says: something on the way is no directory."""
    for entry in entries:
        found = tree.get(entry.path)
        if entry.kind not in _DELETIONS and (found is None or found.kind is not entry.kind):
            yield f"{entry.path!r} lies below something that is not a directory"
