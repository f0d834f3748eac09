"""The door to writing files of a layout: modes whatever the umask, the disk's faults as `MachineError`."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagboat.errors import MachineError

FILE_MODE = 0o644
FOLDER_MODE = 0o755
PARTIAL_PREFIX = ".partial-"

_HINTS = {
    errno.ENOSPC: "free some disk space, or choose another place",
    errno.EDQUOT: "free some of your disk quota, or choose another place",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that you may write to",
    errno.ENOENT: "choose a place in a folder that exists",
    errno.EEXIST: "choose a place below folders, not below a file",
    errno.ENOTDIR: "choose a place below folders, not below a file",
}


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn an `OSError` of the block into a `MachineError` that names `path`."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "")
        raise MachineError(f"{path} cannot be written: {error.strerror or error}", hint) from error


def make_folder(path: Path) -> None:
    """Make a folder and its missing parents; one that exists is left as it is."""
    with disk_faults(path):
        for missing in reversed([folder for folder in (path, *path.parents) if not folder.is_dir()]):
            missing.mkdir(exist_ok=True)
            missing.chmod(FOLDER_MODE)


def open_partial_file(parent: Path) -> tuple[int, Path]:
    """Open a file for writing under a hidden name that nobody else has; return its descriptor and path."""
    with disk_faults(parent):
        descriptor, path = tempfile.mkstemp(prefix=PARTIAL_PREFIX, dir=parent)
        os.fchmod(descriptor, FILE_MODE)
    return descriptor, Path(path)
