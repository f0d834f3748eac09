"""A folder on disk as a file tree: looked at lazily, symlinks confined to it, ignored paths absent."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator
from typing import Final

from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.errors import DockerfileError, MachineError
from tagboat.layers.changes import Entry, FileContent, Kind

RecordedModes = Callable[[str], int | None]
"""Given a path below the folder, the permission bits that version control records for it, None when it has none."""

_KINDS: Final = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHARACTER_DEVICE,
    stat.S_IFBLK: Kind.BLOCK_DEVICE,
    stat.S_IFIFO: Kind.FIFO,
}
_USUAL_MODES: Final = {Kind.FILE: (0o644, 0o755), Kind.DIRECTORY: (0o755,)}
_MOST_LINKS: Final = 40  # as Linux: more symlinks on one path are a loop
_CAPABILITY: Final = "security.capability"


class DirectoryTree:
    """The files below a folder, owned by 0:0 whoever owns them on disk (the rule for build contexts).

    `recorded_mode` is asked only where a mode is neither 0644 nor 0755: there a checkout under an unusual umask would
    otherwise give another image for the same commit.
    """

    def __init__(
        self,
        root: str,
        ignore: IgnoreRules | None = None,
        *,
        recorded_mode: RecordedModes = lambda _path: None,
        left_out: Collection[str] = (),
    ) -> None:
        """`left_out` are paths that count as absent with all below them: the build's own output."""
        self._root = os.path.abspath(root)  # noqa: PTH100 - not through symlinks
        self._ignore = ignore
        self._recorded_mode = recorded_mode
        self._left_out = frozenset(left_out)

    def get(self, path: str) -> Entry | None:
        """Return what lies at `path`, symlinks not followed, or None; raises `MachineError` when it cannot be read."""
        if not self._is_inside(path) or not self._visible(path):
            return None
        status = self._lstat(path)
        return None if status is None else self._entry(path, status)

    def leaves_out(self, path: str) -> bool:
        """Say whether something lies at `path` that the ignore rules, or `left_out`, take away."""
        return self._is_inside(path) and self._lstat(path) is not None and not self._visible(path)

    def children(self, path: str) -> list[str]:
        """Return the sorted names in a directory; none in what a symlink leads to or what is not there."""
        if not self._is_inside(f"{path}/.") or self._lstat(path) is None:
            return []
        return [name for name, _ in self._scan(path) if self._visible(f"{path}/{name}" if path else name)]

    def walk(self, path: str) -> Iterator[Entry]:
        """Yield the entry at `path` and all below it, parents first, names sorted.

        A directory that is left out shows only when something in it is taken back by a `!` pattern.
        """
        top = self.get(path)
        if top is None:
            return
        yield top
        if top.kind is Kind.DIRECTORY:
            yield from self._walk_below(path)

    def resolve(self, path: str, *, follow_last: bool = True) -> str:
        """Return `path` with symlinks followed, confined to the folder as by chroot; missing parts stay as they are.

        Raises `DockerfileError` when symlinks go in a circle.
        """
        done: list[str] = []
        todo = [part for part in reversed(path.split("/")) if part]
        links = 0
        while todo:
            part = todo.pop()
            if part == ".":
                continue
            if part == "..":
                del done[-1:]
                continue
            here = "/".join((*done, part))
            status = self._lstat(here) if todo or follow_last else None
            if status is None or not stat.S_ISLNK(status.st_mode) or not self._visible(here):
                done.append(part)
                continue
            links += 1
            if links > _MOST_LINKS:
                raise DockerfileError(f"{path!r} goes through a circle of symlinks in the build context")
            target = os.readlink(self._on_disk(here))  # noqa: PTH115 - a text may hold bytes that Path would normalise away
            if target.startswith("/"):
                done.clear()
            todo.extend(part for part in reversed(target.split("/")) if part)
        return "/".join(done)

    def _walk_below(self, path: str) -> Iterator[Entry]:
        prefix = f"{path}/" if path else ""
        ignore = self._ignore
        for name, status in self._scan(path):
            below = prefix + name
            is_directory = stat.S_ISDIR(status.st_mode)
            if ignore is not None and ignore.ignored(below):
                if is_directory and not ignore.prunes(below):
                    yield from self._walk_ignored(below, status)
                continue
            entry = self._entry(below, status)
            if entry is None:
                continue
            yield entry
            if is_directory:
                yield from self._walk_below(below)

    def _walk_ignored(self, path: str, status: os.stat_result) -> Iterator[Entry]:
        """Yield an ignored directory before the first thing in it that is not ignored, or nothing."""
        below = self._walk_below(path)
        first = next(below, None)
        if first is None:
            return
        entry = self._entry(path, status)
        if entry is not None:
            yield entry
        yield first
        yield from below

    def _is_inside(self, path: str) -> bool:
        """Say whether no symlink stands above the end of a path: it could lead out of the folder."""
        above = path.rpartition("/")[0]
        return self.resolve(above) == above

    def _visible(self, path: str) -> bool:
        if self._left_out and any(path == out or path.startswith(f"{out}/") for out in self._left_out):
            return False
        if self._ignore is None or not path:
            return True
        if not self._ignore.ignored(path):
            return True
        status = self._lstat(path)
        if status is None or not stat.S_ISDIR(status.st_mode) or self._ignore.prunes(path):
            return False
        return next(self._walk_below(path), None) is not None

    def _scan(self, path: str) -> list[tuple[str, os.stat_result]]:
        try:
            with os.scandir(self._on_disk(path)) as listing:
                found = [(item.name, item.stat(follow_symlinks=False)) for item in listing]
        except NotADirectoryError:
            return []
        except OSError as error:
            raise _unreadable(path or ".", error) from error
        if self._left_out:
            prefix = f"{path}/" if path else ""
            found = [item for item in found if prefix + item[0] not in self._left_out]
        found.sort(key=lambda item: os.fsencode(item[0]))
        return found

    def _entry(self, path: str, status: os.stat_result) -> Entry | None:
        """Return the entry of a path; None for a socket, which a layer cannot hold."""
        kind = _KINDS.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            return None
        mtime = int(status.st_mtime)
        mode = self._mode(path, kind, stat.S_IMODE(status.st_mode))
        if kind is Kind.FILE:
            on_disk = self._on_disk(path)
            return Entry(
                path,
                kind,
                mode,
                mtime=mtime,
                size=status.st_size,
                content=FileContent(on_disk),
                xattrs=_capability(on_disk) if mode & 0o111 else {},
                link_group=(status.st_dev, status.st_ino) if status.st_nlink > 1 else None,
            )
        if kind is Kind.SYMLINK:
            return Entry(path, kind, 0o777, mtime=mtime, target=os.readlink(self._on_disk(path)))  # noqa: PTH115 - a text may hold bytes that Path would normalise away
        if kind in (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE):
            return Entry(path, kind, mode, mtime=mtime, device=(os.major(status.st_rdev), os.minor(status.st_rdev)))
        return Entry(path, kind, mode, mtime=mtime)

    def _mode(self, path: str, kind: Kind, mode: int) -> int:
        """Return the mode of a path, without what the umask of a checkout took away or left.

        A tracked path whose owner bits and special bits are as recorded differs from the record only by a umask.
        """
        if mode in _USUAL_MODES.get(kind, (mode,)):
            return mode
        recorded = self._recorded_mode(path)
        if recorded is None or mode & 0o7700 != recorded & 0o7700:
            return mode
        return recorded

    def _lstat(self, path: str) -> os.stat_result | None:
        try:
            return os.lstat(self._on_disk(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error

    def _on_disk(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root


def _capability(on_disk: str) -> dict[str, bytes]:
    """Return the file capability, the one extended attribute that changes what a program may do."""
    try:
        return {_CAPABILITY: os.getxattr(on_disk, _CAPABILITY, follow_symlinks=False)}
    except OSError:  # it has none, or the file system keeps none: the usual case
        return {}


def _unreadable(path: str, error: OSError | ValueError) -> MachineError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return MachineError(
        f"{path!r} in the build context cannot be read: {reason}",
        "make it readable, or leave it out with .dockerignore",
    )
