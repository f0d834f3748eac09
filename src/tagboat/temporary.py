"""Files and folders that do not outlive their maker: it deletes them, and when it was killed the next one does.

Beside each lies a file with `.lock` after its name, which comes first, is locked while the maker lives, and goes last.
The kernel unlocks what a dead process held, so a lock file that is free marks what nobody will need again; without such
a file nothing is touched (docs/adr/0006). All functions raise `OSError`.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"
_LOCK_NAME = re.compile(r"(tagboat|\.(?P<name>.+)\.(partial|(?P<replaced>replaced)))-[a-z0-9_]{8}\.lock")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOOT_ID_BYTES = 64


@contextmanager
def workspace(parent: Path) -> Iterator[Path]:
    """Give a new folder below `parent` that only we may look into."""
    with _reserved(parent, "tagboat-") as folder:
        folder.mkdir(mode=0o700)
        yield folder


@contextmanager
def partial_path(parent: Path, name: str) -> Iterator[Path]:
    """Give a free path for what becomes `name` by a rename once it is complete."""
    with _reserved(parent, f".{name}.partial-") as path:
        yield path


@contextmanager
def replaced_path(original: Path) -> Iterator[Path]:
    """Give a free path where `original` may wait while a new one takes its place; where none comes, it goes back.

    That holds for a failure, and after a kill for the next sweep.
    """
    with _reserved(original.parent, f".{original.name}.replaced-", original) as path:
        yield path


def sweep(parent: Path) -> None:
    """Delete what makers that are dead left below `parent`; what is not ours, or may be in use, stays.

    Where there are no locks nobody can tell, so nothing is deleted.
    """
    with suppress(OSError):
        for name in os.listdir(parent):  # noqa: PTH208 - needs no Path for each file of a large /tmp
            if found := _LOCK_NAME.fullmatch(name):
                original = parent / found["name"] if found["replaced"] else None
                with suppress(OSError):
                    _sweep_one(parent / name, original)


def lasting_members(folder: Path) -> list[Path]:
    """Return what is in a folder, without temporary things."""
    members = list(folder.iterdir())
    locks = {member.name for member in members if _LOCK_NAME.fullmatch(member.name)}
    return [member for member in members if not {member.name, member.name + _LOCK} & locks]


@contextmanager
def _reserved(parent: Path, prefix: str, original: Path | None = None) -> Iterator[Path]:
    """Sweep, then give a free path that is ours until the block ends; what lies there then is deleted.

    The name is known before anything has it, so that an interruption at any moment finds what to delete.
    """
    sweep(parent)
    while True:
        path = parent / f"{prefix}{secrets.token_hex(4)}"
        lock = path.with_name(path.name + _LOCK)
        if os.path.lexists(lock):
            continue
        descriptors: list[int] = []
        is_ours = False
        try:
            is_ours = _reserve(lock, descriptors)
            if is_ours:
                yield path
        finally:
            try:
                _discard(path, lock, original)
            except BaseException:
                _discard(path, lock, original)  # an interruption that comes just now must not keep it
                raise
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        if is_ours:
            break


def _reserve(lock: Path, descriptors: list[int]) -> bool:
    """Make a lock file and lock it; False when a sweep was quicker."""
    descriptors.append(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    return _is_marked(lock, descriptors[0])


def _is_marked(lock: Path, descriptor: int) -> bool:
    """Lock a new lock file and sign it; False when a sweep took it for that of a dead run before."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here: what looks like a dead run's would give a living one away
        lock.unlink(missing_ok=True)
        return True
    os.write(descriptor, _boot_id())
    return os.fstat(descriptor).st_nlink > 0


def _sweep_one(lock: Path, original: Path | None) -> None:
    """Delete what a lock file marks, or put it back to `original`, and then the lock file, where its maker is dead."""
    path = lock.with_name(lock.name.removesuffix(_LOCK))
    descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not _is_ours(os.fstat(descriptor)):
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(descriptor)  # again: another sweep may have come before the lock was ours
        if not status.st_nlink or not _lived_here(os.read(descriptor, _BOOT_ID_BYTES), status.st_dev):
            return
        if os.path.lexists(path) and (not status.st_size or path.lstat().st_uid != os.geteuid()):
            return
        _discard(path, lock, original)
    finally:
        os.close(descriptor)


def _is_ours(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink == 1


def _lived_here(boot_id: bytes, device: int) -> bool:
    """Say whether a free lock proves that its maker is dead: not on a share whose locks another kernel cannot see.

    Shares have no block device of ours, which the major number 0 tells.
    """
    return boot_id in {b"", _boot_id()} or os.major(device) != 0


def _boot_id() -> bytes:
    """Return what tells this kernel's run from others, at least a newline."""
    try:
        return _BOOT_ID.read_bytes()[:_BOOT_ID_BYTES]
    except OSError:
        return b"\n"


def _discard(path: Path, lock: Path, original: Path | None) -> None:
    """Delete what is at a path, unless its original lacks it, and then its lock file.

    That stays while something is left, for a later sweep.
    """
    with suppress(OSError):
        if original is not None and not os.path.lexists(original):
            path.rename(original)
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            delete_folder(path)
        else:
            path.unlink(missing_ok=True)
        if not os.path.lexists(path):
            lock.unlink(missing_ok=True)


def delete_folder(folder: Path) -> None:
    """Delete a folder with all that is in it, as far as that can be done."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        _open_up(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _open_up(folder: Path) -> None:
    """Let ourselves into every folder, such as those of mode 0 that overlayfs makes for itself."""
    with suppress(OSError):
        folder.chmod(0o700)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                _open_up(Path(entry.path))
