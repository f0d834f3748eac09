"""The door to Linux system calls that Python has no function for."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from functools import cache
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_STRICTATIME = 4096, 16384, 1 << 18, 1 << 24
MNT_DETACH = 2

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000

_PR_SET_PDEATHSIG, _PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 1, 23, 24, 36
_LAST_CAPABILITY = 63

_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217, "armv7l": 218, "i686": 217}
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280, "armv7l": 311, "i686": 288}
_MOUNT_SETATTR = 442  # the same on all architectures
_AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NODEV = -100, 0x8000, 1, 4
_KEYCTL_JOIN_SESSION_KEYRING = 1
_CAPABILITY_VERSION_3 = 0x2008_0522

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def unshare(flags: int) -> None:
    """Leave the namespaces of these kinds for new ones; raises `OSError`."""
    _check(_libc().unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system, or with `MS_BIND` what lies at `source`; raises `OSError` with the target as file name."""
    arguments = [os.fsencode(text) or None for text in (source, target, kind)]
    _check(_libc().mount(*arguments, ctypes.c_ulong(flags), os.fsencode(options) or None), target)


def bind(source: str, target: str, *, recursive: bool = False) -> None:
    """Show what lies at `source` at `target` too; `restrict` is the only way to more flags than the source has."""
    mount(source, target, flags=MS_BIND | (MS_REC if recursive else 0))


def restrict(target: str, *, read_only: bool = True) -> None:
    """Make device files of a mount and of all below it dead, and all of it read-only; before Linux 5.12 it alone."""
    wanted = _MOUNT_ATTR_NODEV | (_MOUNT_ATTR_RDONLY if read_only else 0)
    attributes = struct.pack("=QQQQ", wanted, 0, 0, 0)
    call = (_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, attributes, len(attributes))
    if _libc().syscall(*call) != 0:
        had = os.statvfs(target).f_flag & (MS_NOSUID | MS_NOEXEC)  # a user namespace must not take them away
        mount("", target, flags=MS_REMOUNT | MS_BIND | MS_NODEV | had | (MS_RDONLY if read_only else 0))


def enter_root(folder: str) -> None:
    """Make a mounted folder the root of this mount namespace and let go of the old one; raises `OSError`."""
    os.chdir(folder)
    _check(_libc().syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    _check(_libc().umount2(b".", MNT_DETACH), "umount")
    os.chdir("/")


def set_host_name(name: str) -> None:
    """Set the host name of this UTS namespace; raises `OSError`."""
    data = name.encode()
    _check(_libc().sethostname(data, len(data)), "sethostname")


def die_with_parent(number: int) -> None:
    """Ask for a signal when the parent's thread ends; forgotten when the process changes its user."""
    _check(_libc().prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Become the parent of all descendants whose parent ends (PR_SET_CHILD_SUBREAPER)."""
    _check(_libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def limit_capabilities(keep: frozenset[int]) -> None:
    """Give up, for this process and all that it starts, every capability but these; it shows at the next exec.

    What is inheritable counts for root as much as the bounding set does (capabilities(7)), so none is.
    """
    for number in range(_LAST_CAPABILITY + 1):
        if number not in keep and _libc().prctl(_PR_CAPBSET_READ, number, 0, 0, 0) == 1:
            _check(_libc().prctl(_PR_CAPBSET_DROP, number, 0, 0, 0), "prctl")
    header, data = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), ctypes.create_string_buffer(24)
    _check(_libc().capget(header, data), "capget")
    effective, permitted, _, effective_high, permitted_high, _ = struct.unpack("=6I", data.raw)
    nothing_inheritable = struct.pack("=6I", effective, permitted, 0, effective_high, permitted_high, 0)
    _check(_libc().capset(header, nothing_inheritable), "capset")


def leave_keyring() -> None:
    """Take an empty session keyring instead of the one that this process shares with whoever started it.

    Raises `OSError` where the system, or a container's filter, has no keyrings for us nor for what we start.
    """
    number = _KEYCTL[os.uname().machine]
    _check(_libc().syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None, 0, 0, 0), "keyctl")


def start_loopback() -> None:
    """Switch the loopback interface of this network namespace on; raises `OSError`."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, name: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
