"""Roots that are plain folders, for containers without rights to mount: what a command changed is found by looking."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import assert_never

from tagboat.errors import MachineError
from tagboat.executors.command import Bind, Command, Given, Memory, Mounted, Sandbox
from tagboat.executors.filesystems import DEVICE_LINKS, DEVICES, write_given, write_programs
from tagboat.executors.places import placed
from tagboat.executors.roots import Outcome, Output, RootSource
from tagboat.executors.worker import Worker
from tagboat.layers.changes import Entry, located
from tagboat.layers.differences import differences
from tagboat.layers.scan import changed_since, take_snapshot
from tagboat.layers.spool import spool
from tagboat.layers.tree import Tree
from tagboat.layers.unpack import unpack


class ChrootExecutor:
    """Runs commands in folders below `folder`, as root."""

    name = "chroot"

    def __init__(self, worker: Worker, folder: Path) -> None:
        self.worker = worker
        self.folder = folder
        self._numbers = count()
        folder.mkdir(exist_ok=True)

    def open_root(self, source: RootSource, key: object) -> ChrootRoot:  # noqa: ARG002 - each is written to
        """Return a root in a folder of its own."""
        folder = self.new_path()
        folder.mkdir()
        source.unpack(str(folder), keep=False)
        return ChrootRoot(self, folder)

    def folder_of(self, entries: Iterable[Entry]) -> str:
        """Return the path of a new folder with these entries."""
        folder = self.new_path()
        folder.mkdir()
        unpack([located(entry) for entry in entries], str(folder))
        return str(folder)

    def new_path(self) -> Path:
        """Return a path that nothing has."""
        return self.folder / str(next(self._numbers))


class ChrootRoot:
    """A folder that commands change; beside it lies, from each command on, what that one changed."""

    def __init__(self, executor: ChrootExecutor, folder: Path) -> None:
        self._executor = executor
        self._folder = folder

    def add(self, entries: Sequence[Entry]) -> None:
        """Put a layer on top that no command made."""
        unpack([located(entry) for entry in entries], str(self._folder))

    def fork(self, tree: Tree) -> ChrootRoot:
        """Return a root with the same files in a folder of its own."""
        return ChrootRoot(self._executor, Path(self._executor.folder_of(tree.walk())))

    def run(self, command: Command, mounts: Sequence[Mounted], tree: Tree, output: Output) -> Outcome:
        """Run a command and look what it changed; raises `MachineError` for what takes more than a folder."""
        if not command.network:
            raise MachineError(
                "RUN --network=none: a container without rights to make namespaces cannot cut a command off",
                "leave it out, or let the job use user namespaces (in Kubernetes: hostUsers: false)",
            )
        resolved = placed(mounts, tree)
        devices = tree.resolve("dev")
        skipped = frozenset((devices, *(mounted.target for mounted in resolved)))
        before = take_snapshot(str(self._folder), skipped)
        with ExitStack() as put:
            try:
                put.enter_context(self._put(devices, lambda path: _make_devices(path, command)))
                for mounted in resolved:
                    put.enter_context(self._mounted(mounted))
            except OSError as error:
                raise MachineError(f"RUN: {error.filename or 'a mount'}: {error.strerror or error}") from error
            ended = self._executor.worker.run(Sandbox(root=str(self._folder), command=command), output)
        if ended.fault or ended.status:
            return Outcome(ended=ended)
        changes = differences(changed_since(before, str(self._folder), skipped), tree)
        return Outcome(ended=ended, changes=tuple(spool(changes, self._executor.new_path())))

    @contextmanager
    def _mounted(self, mounted: Mounted) -> Iterator[None]:
        """Have a thing at its place while the block runs; a folder of ours is moved there and back."""
        match mounted:
            case Bind():
                status = os.stat(mounted.source)
                with self._put(mounted.target, lambda path: os.rename(mounted.source, path), back=mounted.source):
                    yield
                if stat.S_ISDIR(status.st_mode) and not os.path.lexists(mounted.source):
                    _make_folder(mounted.source, stat.S_IMODE(status.st_mode), status)  # the command deleted it
            case Memory():
                with self._put(mounted.target, lambda path: _make_folder(path, 0o1777)):
                    yield
            case Given():
                with self._put(mounted.target, lambda path: write_given(path, mounted)):
                    yield
            case _ as never:
                assert_never(never)

    @contextmanager
    def _put(self, target: str, make: Callable[[str], None], back: str = "") -> Iterator[None]:
        """Have `make` put something at a path, and when the block ends take it away again, or to `back`.

        What was there waits aside meanwhile. The parent is held open all the time: whatever a command makes of the
        paths, nothing outside the root is touched. Its time stays as it is, or as the command left it.
        """
        parent, _, name = target.rpartition("/")
        with _opened(str(self._folder), parent) as folder:
            here = f"/proc/self/fd/{folder}/{name}"
            aside = self._executor.new_path()
            with _time_kept(folder), suppress(FileNotFoundError):
                os.rename(here, aside)
            with _time_kept(folder):
                make(here)
            try:
                yield
            finally:
                with _time_kept(folder):
                    _take_away(folder, name, back)
                    with suppress(FileNotFoundError):  # nothing was there, or the command deleted the folder
                        os.rename(aside, here)


def _make_devices(path: str, command: Command) -> None:
    """Make a /dev with what mknod can make: no terminals, and /dev/fd leads nowhere without /proc."""
    _make_folder(path, 0o755)
    for name in DEVICES:
        status = os.stat(f"/dev/{name}")
        os.mknod(f"{path}/{name}", stat.S_IFCHR | 0o666, status.st_rdev)
        os.chmod(f"{path}/{name}", 0o666)
    for name, destination in DEVICE_LINKS.items():
        os.symlink(destination, f"{path}/{name}")
    _make_folder(f"{path}/shm", 0o1777)
    write_programs(f"{path}/pipes", command)


def _make_folder(path: str, mode: int, owner: os.stat_result | None = None) -> None:
    """Make a folder with this very mode, whatever the umask is."""
    os.mkdir(path)
    if owner is not None:
        os.chown(path, owner.st_uid, owner.st_gid)
    os.chmod(path, mode)


@contextmanager
def _opened(root: str, path: str) -> Iterator[int]:
    """Open a folder in the root, no symlink followed; what had to be made goes when it is empty in the end."""
    made: list[tuple[int, str]] = []
    with ExitStack() as opened:
        at = _open_folder(root)
        opened.callback(os.close, at)
        for name in path.split("/") if path else ():
            with suppress(FileExistsError), _time_kept(at):
                _make_folder(f"/proc/self/fd/{at}/{name}", 0o755)
                made.append((at, name))
            at = _open_folder(name, at)
            opened.callback(os.close, at)
        yield at
        for folder, name in reversed(made):
            with suppress(OSError), _time_kept(folder):
                os.rmdir(name, dir_fd=folder)


def _open_folder(name: str, parent: int | None = None) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def _take_away(folder: int, name: str, back: str) -> None:
    """Delete what is at a name, or move it to `back`: a file or folder alone, since a link would lead out of there."""
    with suppress(FileNotFoundError):
        mode = os.lstat(f"/proc/self/fd/{folder}/{name}").st_mode
        if back and (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            os.rename(name, back, src_dir_fd=folder)
        elif stat.S_ISDIR(mode):
            shutil.rmtree(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)


@contextmanager
def _time_kept(folder: int) -> Iterator[None]:
    """Let an open folder's time be the same after the block as before it."""
    status = os.fstat(folder)
    try:
        yield
    finally:
        os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))
