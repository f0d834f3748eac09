"""The file systems that a command finds in its root: the layers themselves, /proc, /sys, /dev, and what is mounted."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import assert_never

from tagboat.executors import kernel
from tagboat.executors.command import Bind, Command, Given, Layers, Memory, Mounted

_PLAIN = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
}
# What a container's root must neither read nor write, though its owner it is (moby/oci/defaults.go).
_HIDDEN = ("acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list")
_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")


def mount_all(layers: Layers, mounts: Iterable[Mounted], command: Command | None) -> None:
    """Mount everything in this process's new mount namespace and make it the root; raises `OSError`.

    The namespace is gone with its last process, and all mounts with it.
    """
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    os.chdir(layers.folder)
    # A command of real root may make device files, and must not reach the machine's disks by them.
    kernel.mount("overlay", layers.merged, "overlay", kernel.MS_NODEV, _options(layers))
    root = os.open(layers.merged, os.O_PATH | os.O_DIRECTORY)
    _mount_proc(_place(root, "proc"))
    _mount_sys(_place(root, "sys"))
    dev = _place(root, "dev")
    _mount_dev(dev, command)
    for mounted in mounts:
        _mount_one(root, mounted, memory=dev)
    kernel.enter_root(f"/proc/self/fd/{root}")


def _options(layers: Layers) -> str:
    """Return overlayfs's options: nothing in the upper folder that only this kernel's overlayfs understands.

    `volatile` spares syncing the disk at the end: when the machine dies, so does the build.
    """
    marks = "userxattr" if layers.user else "index=off,redirect_dir=off,metacopy=off"
    folders = f"lowerdir={':'.join(layers.lower)},upperdir={layers.upper},workdir={layers.work}"
    return f"volatile,{marks},{folders}"


def _mount_proc(target: str) -> None:
    """Mount a /proc of this process namespace; where a container hides parts of its own, all there is, is that one."""
    try:
        kernel.mount("proc", target, "proc", _PLAIN)
    except PermissionError:
        kernel.bind("/proc", target, recursive=True)
    for name in _HIDDEN:
        _hide(f"{target}/{name}")
    for name in _READ_ONLY:
        _protect(f"{target}/{name}")


def _protect(path: str) -> None:
    """Make what is there read-only; raises `OSError` when it stays writable."""
    with suppress(FileNotFoundError):
        try:
            kernel.bind(path, path, recursive=True)
            kernel.restrict(path)
        except OSError:
            if not os.statvfs(path).f_flag & os.ST_RDONLY:
                raise


def _hide(path: str) -> None:
    with suppress(FileNotFoundError):
        if os.path.isdir(path):
            kernel.mount("tmpfs", path, "tmpfs", kernel.MS_RDONLY, "size=0,mode=0555")
        else:
            kernel.bind("/dev/null", path)


def _mount_sys(target: str) -> None:
    """Mount a read-only /sys; a user namespace without a network of its own gets the one there is."""
    try:
        kernel.mount("sysfs", target, "sysfs", _PLAIN | kernel.MS_RDONLY)
    except PermissionError:
        kernel.bind("/sys", target, recursive=True)
        kernel.restrict(target)
    for name in ("firmware", "devices/virtual/powercap"):
        _hide(f"{target}/{name}")


def _mount_dev(target: str, command: Command | None) -> None:
    # nodev is for what a command makes here; the six are bound, each a mount of its own
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_STRICTATIME
    kernel.mount("tmpfs", target, "tmpfs", flags, "mode=755,size=65536k")
    for name in DEVICES:
        _touch(f"{target}/{name}")
        kernel.bind(f"/dev/{name}", f"{target}/{name}")
    for name, destination in DEVICE_LINKS.items():
        os.symlink(destination, f"{target}/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"{target}/{name}")
    pts = f"{target}/pts"
    kernel.mount("devpts", pts, "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", f"{target}/ptmx")
    size = command.shm_size_bytes if command else 0
    kernel.mount("shm", f"{target}/shm", "tmpfs", _PLAIN, f"mode=1777,size={size}")
    kernel.mount("mqueue", f"{target}/mqueue", "mqueue", _PLAIN)
    if command is not None:
        write_programs(f"{target}/pipes", command)


def write_programs(folder: str, command: Command) -> None:
    """Write what a RUN heredoc with `#!` holds; there is no folder when there is none."""
    if command.programs:
        os.mkdir(folder)
        os.chmod(folder, 0o755)
    for name, content in command.programs.items():
        with open(f"{folder}/{name}", "xb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o755)


def _mount_one(root: int, mounted: Mounted, *, memory: str) -> None:
    """Mount one thing; `memory` is a folder that is on no disk."""
    match mounted:
        case Bind():
            target = _place(root, mounted.target, is_folder=os.path.isdir(mounted.source))
            kernel.bind(mounted.source, target)
            kernel.restrict(target, read_only=mounted.read_only)
        case Memory():
            options = f"mode=1777,size={mounted.size_bytes}" if mounted.size_bytes else "mode=1777"
            kernel.mount("tmpfs", _place(root, mounted.target), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
        case Given():
            file = f"{memory}/.given"
            write_given(file, mounted)
            target = _place(root, mounted.target, is_folder=False)
            kernel.bind(file, target)
            kernel.restrict(target)
            os.unlink(file)
        case _ as never:
            assert_never(never)


def write_given(path: str, given: Given) -> None:
    """Write a file that must not be there yet; nobody else can read it meanwhile."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(given.data)
        os.fchown(descriptor, given.uid, given.gid)
        os.fchmod(descriptor, given.mode)


def _place(root: int, path: str, *, is_folder: bool = True) -> str:
    """Return a name for a path in the root, whatever is mounted there; what is missing of it is made.

    No symlink of the image is followed. The name goes by a descriptor of the parent, which is never closed: all this
    happens in a process of its own.
    """
    *parents, last = path.split("/")
    at = root
    for name in parents:
        at = os.open(_made(at, name, is_folder=True), os.O_PATH)
    return _made(at, last, is_folder=is_folder)


def _made(folder: int, name: str, *, is_folder: bool) -> str:
    """Return a name for what lies in a folder, made when it is missing; raises `OSError` for a symlink."""
    path = f"/proc/self/fd/{folder}/{name}"
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
    except FileNotFoundError:
        if is_folder:
            os.mkdir(path, 0o755)
        else:
            _touch(path)
    return path


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
