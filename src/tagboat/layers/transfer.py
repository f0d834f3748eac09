"""The contents of files into other files, by the kernel alone where it can."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tagboat.errors import MachineError
from tagboat.layers.blocks import BLOCK_BYTES, Chunk
from tagboat.layers.changes import Content, Entry, FileContent
from tagboat.layers.streams import SliceContent

# Below this one read and one write are quicker than asking the kernel to copy.
_SMALL_BYTES = 64 << 10
_MOST_BYTES_AT_ONCE = 1 << 30
# Not between these files: another file system, or one (or a sandbox) that does not know the call.
_NOT_BY_KERNEL = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})


class Transfer:
    """Copies contents; the last source stays open, since those of a layer often lie in one file."""

    def __init__(self) -> None:
        self._path: str | Path | None = None
        self._source = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._close()

    def copy(self, entry: Entry, into: int) -> None:
        """Write the first `entry.size` bytes of the entry's content to the descriptor `into`, in bounded memory.

        Raises `MachineError` when the source cannot be read or is shorter, `OSError` when the target takes no more.
        """
        if not entry.size:
            return
        content = entry.content
        assert content is not None, entry.path
        match content:
            case FileContent():
                self._copy_part(entry, content.path, 0, into)
            case SliceContent():
                self._copy_part(entry, content.path, content.offset, into)
            case _:
                _copy_stream(entry, content, into)

    def _copy_part(self, entry: Entry, path: str | Path, offset: int, into: int) -> None:
        """Copy from a file on disk, its bytes from `offset` on."""
        if path != self._path:
            self._open(entry, path)
        done = 0
        if entry.size > _SMALL_BYTES:
            done = _copy_in_kernel(self._source, offset, entry.size, into)
        while done < entry.size:
            chunk = os.pread(self._source, min(entry.size - done, BLOCK_BYTES), offset + done)
            if not chunk:
                raise _too_short(entry)
            write_all(into, chunk)
            done += len(chunk)

    def _open(self, entry: Entry, path: str | Path) -> None:
        self._close()
        try:
            self._source = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise _unreadable(entry, error) from error
        self._path = path

    def _close(self) -> None:
        if self._path is not None:
            self._path = None
            os.close(self._source)


def write_fault(subject: str, error: OSError) -> MachineError:
    """Return the error to raise when `subject` cannot be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        hint = "free some space there, or choose a folder on another disk with work-dir"
        return MachineError(f"the disk is full: {subject} cannot be written", hint)
    return MachineError(f"{subject} cannot be written: {error.strerror or error}")


def write_all(descriptor: int, chunk: Chunk) -> None:
    """Write all bytes to a descriptor; raises `OSError`."""
    written = os.write(descriptor, chunk)
    while written < len(chunk):
        chunk = memoryview(chunk)[written:]
        written = os.write(descriptor, chunk)


def _copy_in_kernel(source: int, offset: int, size_bytes: int, into: int) -> int:
    """Return how many bytes the kernel copied, fewer where it will not."""
    done = 0
    while done < size_bytes:
        count = min(size_bytes - done, _MOST_BYTES_AT_ONCE)
        try:
            copied = os.copy_file_range(source, into, count, offset_src=offset + done)
        except OSError as error:
            if error.errno not in _NOT_BY_KERNEL:
                raise
            break
        if not copied:
            break
        done += copied
    return done


def _copy_stream(entry: Entry, content: Content, into: int) -> None:
    left = entry.size
    try:
        stream = content.open()
    except OSError as error:
        raise _unreadable(entry, error) from error
    with stream:
        while left:
            chunk = stream.read(min(left, BLOCK_BYTES))
            if not chunk:
                raise _too_short(entry)
            write_all(into, chunk)
            left -= len(chunk)


def _unreadable(entry: Entry, error: OSError) -> MachineError:
    return MachineError(f"the content of /{entry.path} cannot be read: {error.strerror or error}")


def _too_short(entry: Entry) -> MachineError:
    return MachineError(f"the content of /{entry.path} is shorter than its {entry.size} bytes: it changed meanwhile")
