"""The directories of a tree on disk by descriptors: no symlink on the way is followed, and no path is too long."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from stat import S_ISDIR
from types import TracebackType
from typing import BinaryIO, Self, cast

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY
_MOST_OPEN = 128
_NO_NAMES = frozenset({"", ".", ".."})


class Descent:
    """A place in the tree below `folder` that moves from directory to directory and holds the way to it open.

    It does not see when somebody else deletes a directory on the way: whoever does enters one above first.
    """

    def __init__(self, folder: str) -> None:
        self._path: str | None = ""  # None while it is unknown: on the way, and after a way that failed
        self._names: list[str] = []
        self._open = {0: os.open(folder, _DIRECTORY)}  # by depth; far down only the last ones

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def enter(self, path: str) -> int:
        """Return a descriptor of the directory at `path`, valid until the next call.

        Raises `FileNotFoundError`, `NotADirectoryError` (also for a symlink to a directory), another `OSError`, and
        `ValueError` for a path with an empty name, `.` or `..` in it.
        """
        if path != self._path:
            names = path.split("/") if path else []
            self._path = None
            self._climb(_count_shared(names, self._names))
            for name in names[len(self._names) :]:
                self._step(name)
            self._path = path
        return self._open[len(self._names)]

    def _climb(self, depth: int) -> None:
        """Go up to a depth, or to the top where the directory at that depth is no longer open."""
        for deeper in range(depth + 1, len(self._names) + 1):
            if deeper in self._open:
                os.close(self._open.pop(deeper))
        del self._names[depth if depth in self._open else 0 :]

    def _step(self, name: str) -> None:
        if name in _NO_NAMES:
            raise ValueError(f"{name!r} is no name in a directory")
        depth = len(self._names)
        self._open[depth + 1] = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self._open[depth])
        self._names.append(name)
        if depth >= _MOST_OPEN:
            with suppress(KeyError):
                os.close(self._open.pop(depth + 1 - _MOST_OPEN))


class DeepContent:
    """Content of a regular file whose path is longer than the kernel takes at once."""

    __slots__ = ("_folder", "_path")

    def __init__(self, folder: str, path: str) -> None:
        self._folder = folder
        self._path = path

    def open(self) -> BinaryIO:
        """Open the file, unbuffered; raises `OSError`."""
        parent, _, name = self._path.rpartition("/")
        with Descent(self._folder) as places:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=places.enter(parent))
        return cast("BinaryIO", os.fdopen(descriptor, "rb", buffering=0))


def walk(places: Descent, skip: Collection[str] = ()) -> Iterator[tuple[str, int, os.stat_result]]:
    """Yield each path below the top but those in `skip`, with its parent's descriptor and its status, parents first.

    The descriptor is good until the next turn, and only while nobody else moves `places`.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        prefix = f"{folder}/" if folder else ""
        parent = places.enter(folder)
        with os.scandir(parent) as members:
            for member in members:
                path = prefix + member.name
                if path in skip:
                    continue
                status = member.stat(follow_symlinks=False)
                if S_ISDIR(status.st_mode):
                    pending.append(path)
                yield path, parent, status


def _count_shared(names: list[str], others: list[str]) -> int:
    """Return how many names two paths have in common from the top on."""
    count = 0
    for name, other in zip(names, others, strict=False):
        if name != other:
            break
        count += 1
    return count
