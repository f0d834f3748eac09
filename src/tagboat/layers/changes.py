"""The entries of a layer: what a file system change set says of one path (image-spec layer.md)."""

from __future__ import annotations

import io
from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import BinaryIO, NamedTuple, Protocol


class Kind(StrEnum):
    """What lies at a path; the last two delete what lower layers hold."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    CHARACTER_DEVICE = "character device"
    BLOCK_DEVICE = "block device"
    FIFO = "fifo"
    WHITEOUT = "whiteout"  # the path itself is gone
    OPAQUE = "opaque"  # everything below this directory in lower layers is gone


class Content(Protocol):
    """The bytes of a file, to be opened as often as needed."""

    def open(self) -> BinaryIO:
        """Return a stream at the first byte; the caller closes it. Raises `OSError`."""


class BytesContent:
    """Content held in memory: heredocs and other small texts."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self) -> BinaryIO:
        """Return a stream over the bytes."""
        return io.BytesIO(self.data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BytesContent) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)


class FileContent:
    """Content of a regular file on disk."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def open(self) -> BinaryIO:
        """Open the file, unbuffered: readers ask for large chunks."""
        return open(self.path, "rb", buffering=0)  # noqa: PTH123 - the path may hold bytes that Path would change

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileContent) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)


_NO_XATTRS: Mapping[str, bytes] = {}


class Entry(NamedTuple):
    """One path of a tree or layer.

    A named tuple, not a dataclass: tens of thousands are made in a build and this is three times as quick.
    `path` is relative to the root, without leading, trailing or doubled slashes and without `.` and `..`; the root
    itself is the empty path. Text that is not UTF-8 carries surrogate escapes. `mode` holds the lower twelve bits.
    `mtime` is in seconds since the epoch. `size` is that of a file's content, else 0. Entries of one layer that share
    a `link_group` (not None) are hard links to one file. `device` is (major, minor).
    """

    path: str
    kind: Kind
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    size: int = 0
    content: Content | None = None
    target: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = _NO_XATTRS
    link_group: Hashable | None = None


def located(entry: Entry) -> Entry:
    """Return the entry with its content where it lies: kinds that only know that when asked have a `locate`."""
    locate = getattr(entry.content, "locate", None)
    return entry if locate is None else entry._replace(content=locate())
