"""Putting a finished layout in the place of an older one, whatever interrupts it and whoever does the same."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tagboat.layout.disk import FILE_MODE, make_folder
from tagboat.layout.medium import HEADER_FILE, INDEX_FILE
from tagboat.temporary import lasting_members, replaced_path

_TAKEN = {errno.ENOTEMPTY, errno.EEXIST}


def replace_folder(partial: Path, output: Path) -> None:
    """Rename `partial` to `output`; what was there is put back when that fails, else deleted."""
    done = _takes_place(partial, output)
    while not done:
        with replaced_path(output) as aside:
            with suppress(FileNotFoundError):  # another build has it aside just now
                output.rename(aside)
            done = _takes_place(partial, output)


def replace_members(partial: Path, output: Path) -> None:
    """Move the members of `partial`, a folder in `output`, into it, and delete what was there.

    For a mount point, which cannot be renamed. The header comes first and the index last, in one step, so that a kill
    leaves the old layout or the new one with some blobs too many, or a header that lets the next build replace it all.
    """
    with _alone(output / HEADER_FILE, (partial / HEADER_FILE).read_bytes()):
        try:
            blobs = _move_blobs(partial, output)
            (partial / INDEX_FILE).rename(output / INDEX_FILE)
        except BaseException:
            if not (output / INDEX_FILE).exists():
                _delete_others(output, {partial})
            raise
        _delete_others(output, {partial, output / HEADER_FILE, output / INDEX_FILE, *blobs})


def _takes_place(partial: Path, output: Path) -> bool:
    """Rename a folder where nothing is or an empty folder, which gives way (POSIX); False where something else is."""
    try:
        partial.rename(output)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        return False
    return True


@contextmanager
def _alone(header: Path, content: bytes) -> Iterator[None]:
    """Write the header, and hold it so that two builds fill a folder one after the other; not where locks fail."""
    with os.fdopen(os.open(header, os.O_RDWR | os.O_CREAT, FILE_MODE), "r+b") as stream:
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX)
        if stream.read() != content:
            stream.seek(0)
            stream.truncate()
            stream.write(content)
            stream.flush()
        header.chmod(FILE_MODE)
        yield


def _move_blobs(partial: Path, output: Path) -> list[Path]:
    """Move every blob to its name, and return these."""
    moved = []
    for source in (partial / "blobs").glob("*/*"):
        target = output / source.relative_to(partial)
        for folder in (target.parent.parent, target.parent):
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
        make_folder(target.parent)
        source.rename(target)
        moved.append(target)
    return moved


def _delete_others(folder: Path, kept: Collection[Path]) -> None:
    """Delete all below a folder but these, the folders they lie in, and what other builds have in the making."""
    folders = {parent for path in kept for parent in path.parents}
    for member in lasting_members(folder):
        if member in kept:
            continue
        if member in folders:
            _delete_others(member, kept)
        elif member.is_dir() and not member.is_symlink():
            shutil.rmtree(member)
        else:
            member.unlink()
