"""Which executor there is: each is tried, never inferred from what the machine looks like."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tagboat.errors import MachineError
from tagboat.executors.chroot import ChrootExecutor
from tagboat.executors.command import Ended, Layers, Sandbox
from tagboat.executors.overlay import MERGED, OverlayExecutor
from tagboat.executors.roots import Executor
from tagboat.executors.user_namespace import Run, enter_user_namespace
from tagboat.executors.worker import Worker
from tagboat.flow.progress import Progress
from tagboat.flow.request import ExecutorChoice
from tagboat.layers.changes import Entry, Kind
from tagboat.temporary import delete_folder, sweep

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_HINT = (
    "in Kubernetes set hostUsers: false or the seccomp profile Unconfined for the job's container, or run it as root;"
    " on a machine of your own allow user namespaces and install uidmap"
)


class _CannotError(Exception):
    """A way that does not work here, and why."""


@contextmanager
def open_executor(choice: ExecutorChoice, folder: Path, *, run: Run, progress: Progress) -> Iterator[Executor]:
    """Give the first executor that works, of those that `choice` allows, with `folder` for its files; say which.

    When the block ends, also by an interruption, nothing that it started is left. Raises `MachineError` when none
    works, with the reason for each.
    """
    if choice is ExecutorChoice.NONE:
        raise MachineError("RUN needs an executor, and executor is none", "write executor: auto")
    with ExitStack() as opened:
        search = _Search(choice, folder, run, opened)
        executor, said = search.first()
        for reason in search.reasons:
            progress.detail(f"RUN: not {reason}")
        progress.info(f"RUN: {said}")
        if isinstance(executor, OverlayExecutor) and executor.alone:
            progress.warn(
                "RUN knows one user alone, root: files of others cannot be made, so installing packages may fail",
                f"install uidmap, and give user {os.getuid()} a range in /etc/subuid and /etc/subgid",
            )
        yield executor


class _Search:
    """The ways to run a command, tried one after the other, the best first."""

    def __init__(self, choice: ExecutorChoice, folder: Path, run: Run, opened: ExitStack) -> None:
        self._choice = choice
        self._folder = folder
        self._run = run
        self._opened = opened
        self.reasons: list[str] = []
        self._last: tuple[Executor, str] | None = None

    def _new_folder(self, name: str) -> Path:
        """Return a folder for one way alone: one that was tried leaves things behind."""
        folder = self._folder / name
        folder.mkdir(parents=True)
        return folder

    def first(self) -> tuple[Executor, str]:
        """Return an executor that works and what it is called; raises `MachineError` when there is none."""
        ways: list[Callable[[ExitStack], tuple[Executor, str]]] = []
        if self._choice is not ExecutorChoice.CHROOT:
            ways += [self._overlay, self._overlay_of_user]
        if self._choice is not ExecutorChoice.OVERLAY:
            ways.append(self._chroot)
        for way in ways:
            with ExitStack() as stack:
                try:
                    found = way(stack)
                except _CannotError as reason:
                    self.reasons.append(str(reason))
                else:
                    self._opened.push(stack.pop_all().__exit__)
                    if not (isinstance(found[0], OverlayExecutor) and found[0].alone):
                        return found
                    self._last = found  # it is there, but with fewer users than chroot has
        if self._last:
            return self._last
        raise MachineError(f"RUN cannot be run here: {'; '.join(self.reasons)}", _HINT)

    def _overlay(self, stack: ExitStack) -> tuple[Executor, str]:
        """Mount as root of this machine, or of a container that may mount."""
        if os.geteuid() != 0:
            raise _CannotError("overlay: this user is not root")
        executor = OverlayExecutor(stack.enter_context(Worker()), self._new_folder("root"), users=None)
        _try_overlay(executor, "overlay")
        return executor, "overlay, as root"

    def _overlay_of_user(self, stack: ExitStack) -> tuple[Executor, str]:
        """Mount as root of a user namespace."""
        worker = stack.enter_context(Worker())
        try:
            users = enter_user_namespace(worker, self._run, uid=os.geteuid(), gid=os.getegid())
        except OSError as error:
            raise _CannotError(f"user namespace: {error.strerror}") from error
        folder = self._new_folder("user")
        executor = OverlayExecutor(worker, folder, users=users)
        # Files of other users are out of our reach: the worker deletes them, and what killed runs left of theirs.
        worker.leave(delete_folder, folder)
        worker.call(sweep, self._folder.parent.parent)
        _try_overlay(executor, "overlay in a user namespace")
        return executor, f"overlay, in a user namespace ({users})"

    def _chroot(self, stack: ExitStack) -> tuple[Executor, str]:
        """Take a folder as the root, where nothing may be mounted."""
        if os.geteuid() != 0:
            raise _CannotError("chroot: this user is not root")
        executor = ChrootExecutor(stack.enter_context(Worker()), self._new_folder("chroot"))
        # A secret lies in a folder while its command runs: should we be killed meanwhile, the worker deletes it.
        executor.worker.leave(delete_folder, executor.folder)
        _try_chroot(executor)
        return executor, "chroot, without /proc and without a view of its own on processes and network"


def _try_overlay(executor: OverlayExecutor, name: str) -> None:
    """Set a root up with all its mounts, in the folder that will be used, and run nothing in it."""
    layers = Layers(
        folder=str(executor.folder),
        lower=(executor.unpacked(Entry(path, Kind.DIRECTORY, 0o755) for path in ("proc", "sys", "dev")),),
        upper=executor.new_folder(),
        work=executor.new_folder(),
        merged=MERGED,
        user=executor.users is not None,
    )
    ended = executor.worker.run(Sandbox(root=layers, command=None), _nobody)
    if ended.fault:
        raise _CannotError(f"{name}: {_words(ended, executor.folder)}")


def _try_chroot(executor: ChrootExecutor) -> None:
    folder = executor.new_path()
    folder.mkdir()
    if forbidden := os.statvfs(folder).f_flag & (os.ST_NOEXEC | os.ST_NODEV):
        name = "noexec" if forbidden & os.ST_NOEXEC else "nodev"
        raise _CannotError(f"chroot: {folder} is mounted {name}; give work-dir another folder")
    device = folder / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o600, os.stat("/dev/null").st_rdev)
        os.chown(device, 1, 1)
        device.unlink()
    except OSError as error:
        raise _CannotError(f"chroot: {error.strerror} to make devices and files of other users") from error
    ended = executor.worker.run(Sandbox(root=str(folder), command=None), _nobody)
    if ended.fault:
        raise _CannotError(f"chroot: {_words(ended, folder)}")


def _words(ended: Ended, folder: Path) -> str:
    reason = f"{ended.fault}: {os.strerror(ended.errno)}"
    if ended.fault == MERGED and ended.errno == errno.EINVAL:
        return f"{reason} (overlayfs cannot write into {folder}; give work-dir a folder on a volume)"
    if ended.errno in {errno.EPERM, errno.EACCES} and _APPARMOR.exists() and _APPARMOR.read_text().strip() == "1":
        return f"{reason} (AppArmor restricts user namespaces; sudo sysctl -w kernel.{_APPARMOR.name}=0 lifts that)"
    return reason


def _nobody(_printed: bytes) -> None:
    """Hear what nothing prints."""
