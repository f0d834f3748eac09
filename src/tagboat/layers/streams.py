"""Streams for reading, and a part of a file on disk as a content of its own."""

from __future__ import annotations

import io
import os
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ReadStream(io.RawIOBase):
    """An unbuffered stream that only has to say how it reads."""

    @abstractmethod
    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is left when it is negative, none at the end."""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer` with the next bytes."""
        view = memoryview(buffer).cast("B")
        chunk = self.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)


class SliceContent:
    """The `size_bytes` bytes from `offset` on of the file at `path`."""

    __slots__ = ("offset", "path", "size_bytes")

    def __init__(self, path: Path, offset: int, size_bytes: int) -> None:
        self.path = path
        self.offset = offset
        self.size_bytes = size_bytes

    def open(self) -> BinaryIO:
        """Return an unbuffered stream over the part, with a file descriptor of its own; raises `OSError`."""
        return cast("BinaryIO", _SliceStream(os.open(self.path, os.O_RDONLY), self.offset, self.size_bytes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SliceContent) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Path, int, int]:
        return self.path, self.offset, self.size_bytes


class _SliceStream(ReadStream):
    def __init__(self, descriptor: int, offset: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._at = offset
        self._end = offset + size_bytes

    def read(self, size: int = -1, /) -> bytes:
        left = self._end - self._at
        chunk = os.pread(self._descriptor, left if size < 0 else min(size, left), self._at)
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
