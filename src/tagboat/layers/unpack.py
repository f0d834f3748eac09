"""Entries onto a disk: the root file system in which a command can run."""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Iterable
from contextlib import suppress

from tagboat.errors import LayoutError, MachineError
from tagboat.layers.attributes import attribute_names, is_kept
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.descent import Descent
from tagboat.layers.transfer import Transfer, write_fault

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_NANOSECONDS = 10**9
_NODE_TYPES = {
    Kind.CHARACTER_DEVICE: stat.S_IFCHR,
    Kind.BLOCK_DEVICE: stat.S_IFBLK,
    Kind.FIFO: stat.S_IFIFO,
}


def unpack(entries: Iterable[Entry], folder: str) -> None:
    """Put entries, in their order, below a folder that exists, which the entry of the root gives its attributes.

    Parents come before what is in them. A directory over a directory keeps what it holds; anything else replaces what
    is there, with all below. Whiteouts and opaque entries delete what is there when their turn comes. Directories have
    the times of their entries, or those that they had, when all is done. Of the extended attributes only those that
    layers carry are set (`attributes.is_kept`), and bytes beyond an entry's size are left out.

    Nothing outside the folder is touched, no symlink is followed. Raises `LayoutError` for an entry that has no place
    in the folder or that no file system can hold, and `MachineError` where this one cannot, or the user may not.
    """
    try:
        unpacking = _Unpacking(folder)
    except OSError as error:
        raise write_fault(folder, error) from error
    with unpacking.places, unpacking.sources, unpacking.transfer:
        for entry in entries:
            unpacking.put(entry)
        unpacking.set_times()


class _Unpacking:
    """One folder while it is filled."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.places = Descent(folder)
        self.sources = Descent(folder)  # the way to first names, so that that to the newest entry stays open
        self.transfer = Transfer()
        self._first_names: dict[Hashable, str] = {}  # of each link group
        self._times: dict[str, int] = {}  # in nanoseconds, of each directory that was changed

    def put(self, entry: Entry) -> None:
        """Put one entry in its place, translating what the system says about it."""
        try:
            self._put(entry)
        except NotADirectoryError as error:
            raise LayoutError(f"a layer puts /{entry.path} below something that is no directory") from error
        except FileNotFoundError as error:
            raise LayoutError(f"a layer puts /{entry.path} into a directory that is not there") from error
        except OSError as error:
            raise write_fault(f"/{entry.path}", error) from error
        except (OverflowError, ValueError) as error:
            raise LayoutError(f"a layer holds /{entry.path!r}, which no file system can: {error}") from error

    def set_times(self) -> None:
        """Give all directories their times, as filling them changed these."""
        for path, time_ns in self._times.items():
            try:
                os.utime(self.places.enter(path), ns=(time_ns, time_ns))
            except OSError as error:
                raise write_fault(f"/{path}", error) from error

    def _put(self, entry: Entry) -> None:
        if not entry.path and entry.kind not in {Kind.DIRECTORY, Kind.OPAQUE}:
            raise LayoutError(f"a layer makes the root a {entry.kind}")
        match entry.kind:
            case Kind.WHITEOUT:
                with suppress(FileNotFoundError):
                    self._delete(entry.path)
            case Kind.OPAQUE:
                with suppress(FileNotFoundError):
                    for name in os.listdir(self._inside(entry.path)):  # noqa: PTH208 - Path takes no descriptor
                        self._delete(f"{entry.path}/{name}" if entry.path else name)
            case Kind.DIRECTORY:
                self._directory(entry)
            case _:
                self._member(entry)

    def _inside(self, path: str) -> int:
        """Return a descriptor of a directory whose members will change; its time will be what it is now."""
        directory = self.places.enter(path)
        if path not in self._times:
            self._times[path] = os.fstat(directory).st_mtime_ns
        return directory

    def _directory(self, entry: Entry) -> None:
        if entry.path:
            parent, _, name = entry.path.rpartition("/")
            try:
                os.mkdir(name, entry.mode & 0o777, dir_fd=self._inside(parent))
            except FileExistsError:
                if not _is_directory(name, self._inside(parent)):
                    self._delete(entry.path)
                    os.mkdir(name, entry.mode & 0o777, dir_fd=self._inside(parent))
        directory = self.places.enter(entry.path)
        for attribute in attribute_names(directory):
            if is_kept(attribute) and attribute not in entry.xattrs:
                os.removexattr(directory, attribute)
        _own(entry, directory)
        self._times[entry.path] = entry.mtime * _NANOSECONDS

    def _member(self, entry: Entry) -> None:
        """Make anything but a directory."""
        parent, _, name = entry.path.rpartition("/")
        try:
            self._make(entry, self._inside(parent), name)
        except FileExistsError:
            self._delete(entry.path)
            self._make(entry, self._inside(parent), name)

    def _make(self, entry: Entry, parent: int, name: str) -> None:
        group = entry.link_group
        first = self._first_names.get(group) if group is not None else None
        if first is None and entry.kind is Kind.FILE:
            first = entry.target or None
        if first is not None:
            self._link(first, parent, name)
            return
        match entry.kind:
            case Kind.FILE:
                self._file(entry, parent, name)
            case Kind.SYMLINK:
                os.symlink(entry.target, name, dir_fd=parent)
                _own_by_name(entry, parent, name)
            case _:
                _make_node(entry, parent, name)
                _own_by_name(entry, parent, name)
        if group is not None:
            self._first_names[group] = entry.path

    def _file(self, entry: Entry, parent: int, name: str) -> None:
        file = os.open(name, _NEW_FILE, entry.mode & 0o777, dir_fd=parent)
        try:
            self.transfer.copy(entry, file)
            _own(entry, file)
            time_ns = entry.mtime * _NANOSECONDS
            os.utime(file, ns=(time_ns, time_ns))
        finally:
            os.close(file)

    def _link(self, path: str, parent: int, name: str) -> None:
        folder, _, first = path.rpartition("/")
        try:
            source = self.sources.enter(folder)
            os.link(first, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise LayoutError(f"a layer has a hard link to /{path}, which is no file") from error

    def _delete(self, path: str) -> None:
        """Delete what is at a path with all below; raises `FileNotFoundError` when there is nothing."""
        parent, _, name = path.rpartition("/")
        try:
            os.unlink(name, dir_fd=self._inside(parent))
        except IsADirectoryError:
            _delete_directory(self._folder, path)
            self.sources.enter("")  # it may have been in there
            below = f"{path}/"
            for gone in [known for known in self._times if known == path or known.startswith(below)]:
                del self._times[gone]


def _delete_directory(folder: str, path: str) -> None:
    """Delete a directory with all that is in it, however deep."""
    doomed = [path]
    with Descent(folder) as places:
        for directory in doomed:  # it grows meanwhile
            descriptor = places.enter(directory)
            for name in os.listdir(descriptor):  # noqa: PTH208 - Path takes no descriptor
                try:
                    os.unlink(name, dir_fd=descriptor)
                except IsADirectoryError:
                    doomed.append(f"{directory}/{name}")
        for directory in reversed(doomed):
            parent, _, name = directory.rpartition("/")
            os.rmdir(name, dir_fd=places.enter(parent))


def _is_directory(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _make_node(entry: Entry, parent: int, name: str) -> None:
    """Make a device or a FIFO."""
    mode = _NODE_TYPES[entry.kind] | (entry.mode & 0o777)
    try:
        os.mknod(name, mode, os.makedev(*entry.device), dir_fd=parent)
    except PermissionError as error:
        raise MachineError(
            f"the {entry.kind} /{entry.path} cannot be made: {error.strerror}",
            "run as root with the capability CAP_MKNOD, outside a user namespace",
        ) from error


def _own(entry: Entry, descriptor: int) -> None:
    """Give an open file or directory its owner, mode and attributes, changing only what differs.

    The owner comes first: a new owner takes the set-user-ID bit and the capabilities away.
    """
    status = os.fstat(descriptor)
    if status.st_uid != entry.uid or status.st_gid != entry.gid:
        try:
            os.fchown(descriptor, entry.uid, entry.gid)
        except OSError as error:
            raise _owner_fault(entry, error) from error
    for attribute, value in entry.xattrs.items():
        if is_kept(attribute):
            _set_attribute(entry, descriptor, attribute, value)
    if stat.S_IMODE(status.st_mode) != entry.mode:
        os.fchmod(descriptor, entry.mode)


def _own_by_name(entry: Entry, parent: int, name: str) -> None:
    """Do as `_own` for what cannot be opened, and set its time."""
    for attribute in filter(is_kept, entry.xattrs):
        raise LayoutError(f"a layer gives the {entry.kind} /{entry.path} the attribute {attribute}, which files have")
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if status.st_uid != entry.uid or status.st_gid != entry.gid:
        try:
            os.chown(name, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            raise _owner_fault(entry, error) from error
    if entry.kind is not Kind.SYMLINK and stat.S_IMODE(status.st_mode) != entry.mode:
        os.chmod(name, entry.mode, dir_fd=parent)
    time_ns = entry.mtime * _NANOSECONDS
    os.utime(name, ns=(time_ns, time_ns), dir_fd=parent, follow_symlinks=False)


def _set_attribute(entry: Entry, descriptor: int, attribute: str, value: bytes) -> None:
    try:
        os.setxattr(descriptor, attribute, value)
    except OSError as error:
        raise MachineError(
            f"/{entry.path} cannot be given the attribute {attribute}: {error.strerror}",
            "run as root with the capability CAP_SETFCAP, on a file system that has extended attributes",
        ) from error


def _owner_fault(entry: Entry, error: OSError) -> MachineError:
    return MachineError(
        f"/{entry.path} cannot be given to {entry.uid}:{entry.gid}: {error.strerror}",
        "run as root with the capability CAP_CHOWN, or in a user namespace that has this owner",
    )
