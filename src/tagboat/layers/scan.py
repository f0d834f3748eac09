"""What a command did to a root file system on disk, as layer entries."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tagboat.errors import MachineError
from tagboat.layers.attributes import attribute_names, is_kept
from tagboat.layers.changes import Content, Entry, FileContent, Kind
from tagboat.layers.descent import DeepContent, Descent, walk

_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHARACTER_DEVICE,
    stat.S_IFBLK: Kind.BLOCK_DEVICE,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.WHITEOUT,  # no layer holds a socket, but what it replaced is gone
}
# Overlayfs notes in `trusted`, and in `user` when it was mounted in a user namespace.
_OPAQUE = frozenset({"trusted.overlay.opaque", "user.overlay.opaque"})
_FOREIGN = frozenset(f"{space}.overlay.{note}" for space in ("trusted", "user") for note in ("redirect", "metacopy"))
# The coarse clock that stamps files goes on in steps of 1 to 10 ms (CONFIG_HZ).
_CLOCK_STEP_NS = 10_000_000
_LONGEST_PATH_BYTES = 4095
_NANOSECONDS = 10**9

_Status = tuple[int, int, int, int, int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A root file system at one moment: the status of each path, the root's among them, and what may be too young.

    A change at or after `settled_ns` may have left no trace in a status that was taken at once: the clock stands still
    between its steps. Without arguments it is the snapshot of nothing.
    """

    statuses: Mapping[str, _Status] = field(default_factory=dict)
    settled_ns: int = 0

    def is_unchanged(self, path: str, status: os.stat_result) -> bool:
        """Say whether what is at `path` is for certain what was there; programs cannot set the ctime."""
        return status.st_ctime_ns < self.settled_ns and self.statuses.get(path) == _summary(status)


def scan_upper(folder: str, *, user: bool = True) -> list[Entry]:
    """Return what the upper directory of an overlay mount changes, its root included; parents first, names by bytes.

    An opaque entry follows its directory. A socket is a whiteout, since no layer can hold it. Hard links have a
    `link_group` of their own for each scan, and only attributes that layers carry are kept. The contents are the files
    themselves, to be read before anything writes to them. Raises `MachineError` when something cannot be read, and for
    directories that were renamed and files without data, which other mount options leave behind. `user` false says that
    no user namespace mounted it: then `user.overlay.*` is what the command itself wrote, as a nested overlay does.
    """
    entries: list[Entry] = []
    with _reading(folder) as reader:
        for path, parent, status in reader.walk():
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                entries.append(Entry(path, Kind.WHITEOUT))
                continue
            attributes = reader.attributes(path, parent, status)
            notes = {name: value for name, value in attributes.items() if user or not name.startswith("user.")}
            for note in _FOREIGN & notes.keys():
                raise MachineError(
                    f"{folder}/{path} has the attribute {note}, which our own overlay mounts never leave",
                    "use an empty folder as the upper directory",
                )
            entries.append(reader.entry(path, parent, status, attributes))
            if any(notes.get(name) == b"y" for name in _OPAQUE):
                entries.append(Entry(path, Kind.OPAQUE))
    return _sorted(entries)


def take_snapshot(folder: str, skip: Collection[str] = frozenset()) -> Snapshot:
    """Return the status of everything below `folder` but the paths in `skip` and what is below them.

    What changed within the last step of the file system's clock is looked at again by `changed_since`: until the clock
    goes on, one more change leaves no trace. To read that clock a file is made and deleted beside `folder`. Raises
    `MachineError` when that fails or something cannot be read.
    """
    with _reading(folder) as reader:
        settled_ns = _clock_ns(folder) - _CLOCK_STEP_NS
        statuses = {path: _summary(status) for path, _, status in reader.walk(skip)}
    return Snapshot(statuses=statuses, settled_ns=settled_ns)


def changed_since(snapshot: Snapshot, folder: str, skip: Collection[str] = frozenset()) -> list[Entry]:
    """Return what is new, may have changed, or is gone since the snapshot; parents first, names by bytes.

    Whoever wants no entry too many hands the result to `differences`: what was written just before the snapshot is
    told although it may be the same, and so is a directory in which something came and went. When one name of a file
    is told, all are. Of what is gone only the topmost directory is. The rest is as `scan_upper` says.
    """
    changed: list[Entry] = []
    unchanged_links: list[Entry] = []
    seen: set[str] = set()
    directories: set[str] = set()
    with _reading(folder) as reader:
        for path, parent, status in reader.walk(skip):
            seen.add(path)
            is_directory = stat.S_ISDIR(status.st_mode)
            if is_directory:
                directories.add(path)
            if not snapshot.is_unchanged(path, status):
                changed.append(reader.entry(path, parent, status))
            elif status.st_nlink > 1 and not is_directory:
                unchanged_links.append(reader.entry(path, parent, status))
    groups = {entry.link_group for entry in changed if entry.link_group is not None}
    changed.extend(entry for entry in unchanged_links if entry.link_group in groups)
    gone = snapshot.statuses.keys() - seen
    changed.extend(Entry(path, Kind.WHITEOUT) for path in gone if path.rpartition("/")[0] in directories)
    return _sorted(changed)


class _Reader:
    """Makes entries of what lies below a folder."""

    def __init__(self, folder: str, places: Descent) -> None:
        self._folder = folder
        self._places = places
        self._scan = object()  # sets the link groups of this scan apart from those of any other

    def walk(self, skip: Collection[str] = ()) -> Iterator[tuple[str, int, os.stat_result]]:
        """Yield each path, the root's first, with its parent's descriptor (the root's is its own) and its status."""
        root = self._places.enter("")
        yield "", root, os.fstat(root)
        yield from walk(self._places, skip)

    def entry(
        self, path: str, parent: int, status: os.stat_result, attributes: Mapping[str, bytes] | None = None
    ) -> Entry:
        """Return the entry of what is at a path, with the attributes that layers carry."""
        kind = _KINDS[stat.S_IFMT(status.st_mode)]
        if kind is Kind.WHITEOUT:
            return Entry(path, kind)
        if attributes is None:
            attributes = self.attributes(path, parent, status)
        is_file = kind is Kind.FILE
        is_device = kind in {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}
        return Entry(
            path,
            kind,
            stat.S_IMODE(status.st_mode),
            status.st_uid,
            status.st_gid,
            status.st_mtime_ns // _NANOSECONDS,
            status.st_size if is_file else 0,
            self._content(path) if is_file else None,
            os.readlink(_name(path), dir_fd=parent) if kind is Kind.SYMLINK else "",
            (os.major(status.st_rdev), os.minor(status.st_rdev)) if is_device else (0, 0),
            {name: value for name, value in attributes.items() if is_kept(name)},
            self._link_group(kind, status),
        )

    def attributes(self, path: str, parent: int, status: os.stat_result) -> dict[str, bytes]:
        """Return what layers carry and what overlayfs notes; only files and directories have either."""
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            return {}
        descriptor = os.open(_name(path), os.O_RDONLY | os.O_NOFOLLOW, dir_fd=parent)
        try:
            return {
                name: os.getxattr(descriptor, name)
                for name in attribute_names(descriptor)
                if is_kept(name) or name in _OPAQUE or name in _FOREIGN
            }
        finally:
            os.close(descriptor)

    def _content(self, path: str) -> Content:
        full = f"{self._folder}/{path}"
        return FileContent(full) if len(os.fsencode(full)) <= _LONGEST_PATH_BYTES else DeepContent(self._folder, path)

    def _link_group(self, kind: Kind, status: os.stat_result) -> Hashable | None:
        if status.st_nlink == 1 or kind is Kind.DIRECTORY:
            return None
        return self._scan, status.st_dev, status.st_ino


@contextmanager
def _reading(folder: str) -> Iterator[_Reader]:
    """Give a reader of a folder, translating what the system says against it."""
    try:
        with Descent(folder) as places:
            yield _Reader(folder, places)
    except OSError as error:
        name = f", at {error.filename!r}" if error.filename else ""
        raise MachineError(f"{folder} cannot be looked through{name}: {error.strerror or error}") from error


def _clock_ns(folder: str) -> int:
    """Return what time it is on a folder's file system: the ctime of a file that is touched beside the folder."""
    probe = Path(folder).resolve().parent / f".tagboat-clock-{os.getpid()}"
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.utime(descriptor)
        return os.fstat(descriptor).st_ctime_ns
    finally:
        os.close(descriptor)
        probe.unlink(missing_ok=True)  # another thread may have made and deleted it


def _summary(status: os.stat_result) -> _Status:
    return (
        status.st_ino,
        status.st_ctime_ns,
        status.st_mode,
        status.st_size,
        status.st_uid,
        status.st_gid,
        status.st_rdev,
        status.st_mtime_ns,
        status.st_nlink,
    )


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=_order)


def _order(entry: Entry) -> tuple[list[bytes], bool]:
    """Sort as a walk goes: parents first, then names by their bytes; an opaque entry after its directory."""
    return os.fsencode(entry.path).split(b"/"), entry.kind is Kind.OPAQUE


def _name(path: str) -> str:
    """Return the last name of a path, a dot for the root."""
    return path.rpartition("/")[2] or "."
