"""What COPY reads from and writes to: files by path, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tagboat.layers.changes import Entry


class FileTree(Protocol):
    """Files by path: a folder on disk, an image, or a stage. Paths are those of `Entry.path`."""

    def get(self, path: str) -> Entry | None:
        """Return what lies at a path, symlinks not followed."""

    def children(self, path: str) -> list[str]:
        """Return the sorted names in a directory."""

    def walk(self, path: str) -> Iterator[Entry]:
        """Yield the entry at a path and all below it, parents first."""

    def resolve(self, path: str, *, follow_last: bool = True) -> str:
        """Return a path with symlinks followed, confined to the root."""
