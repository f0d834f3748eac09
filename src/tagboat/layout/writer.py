"""Writing a layout: built beside its place, then put there whole (image-spec image-layout.md)."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tagboat.errors import DockerfileError, InputError, LayoutError
from tagboat.layers.changes import Entry, FileContent, Kind
from tagboat.layers.tarball import tar_stream
from tagboat.layout.blobs import BlobStore
from tagboat.layout.disk import FILE_MODE, FOLDER_MODE, disk_faults, make_folder, make_partial_folder, open_partial_file
from tagboat.layout.docker_archive import MANIFEST_FILE
from tagboat.layout.medium import HEADER_FILE, INDEX_FILE
from tagboat.oci import canonical
from tagboat.oci.annotations import REF_NAME
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index

_HEADER = canonical.encode({"imageLayoutVersion": "1.0.0"})


class LayoutWriter:
    """A layout in the making: a context manager that leaves nothing behind unless `commit` was reached.

    Blobs go into `blobs` in any order and from any thread. Raises `InputError` as `check_output` does.
    """

    def __init__(self, output: Path) -> None:
        check_output(output)
        self._output = output.resolve()

    def __enter__(self) -> Self:
        # Nothing beside a mount point can take its place: its members are replaced one by one.
        parent = self._output if self._output.is_mount() else self._output.parent
        make_folder(parent)
        self._partial = make_partial_folder(parent, self._output.name)
        self.blobs = BlobStore(self._partial)
        return self

    def commit(self, roots: Sequence[Descriptor]) -> Path:
        """Write `oci-layout` and `index.json` with these entries as given, and put the layout in its place."""
        make_folder(self._partial / "blobs")
        _write(self._partial / HEADER_FILE, _HEADER)
        _write(self._partial / INDEX_FILE, Index.make(manifests=roots).raw)
        with disk_faults(self._output):
            if self._partial.parent == self._output:
                _replace_members(self._partial, self._output)
            else:
                check_output(self._output)  # again: somebody may have put something there meanwhile
                _replace_folder(self._partial, self._output)
        return self._output

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)


def named_roots(root: Descriptor, names: Iterable[str]) -> tuple[Descriptor, ...]:
    """Return the entries of `index.json` that give the root these names, one each; without names the root alone."""
    named = tuple(root.with_annotations({**root.annotations, REF_NAME: name}) for name in names)
    return named or (root,)


def is_archive_name(output: Path) -> bool:
    """Say whether this output is to be an archive and not a folder."""
    return output.suffix == ".tar"


def check_output(output: Path) -> None:
    """Raise `InputError` unless a layout may be written there: nothing yet, something empty, or an older layout.

    A path that ends in `.tar` stands for an archive, any other for a folder.
    """
    if not os.path.lexists(output):
        return
    if is_archive_name(output):
        _check_archive(output)
    elif not output.is_dir():
        raise InputError(f"output: {output} is not a folder", "name a folder, or a file that ends in .tar")
    elif any(output.iterdir()) and not all((output / name).is_file() for name in (HEADER_FILE, INDEX_FILE)):
        raise InputError(f"output: {output} holds something that is not an image layout", "name an empty or new folder")


def write_archive(layout: Path, file: Path) -> None:
    """Write a layout folder as one OCI archive: an uncompressed tar that depends on nothing but the layout.

    The file appears whole or not at all. Raises `InputError` as `check_output` does.
    """
    check_output(file)
    make_folder(file.absolute().parent)
    descriptor, partial = open_partial_file(file.absolute().parent)
    try:
        with disk_faults(file), os.fdopen(descriptor, "wb") as stream:
            for chunk in tar_stream(_archive_entries(layout)):
                stream.write(chunk)
        with disk_faults(file):
            partial.rename(file)
    except DockerfileError as error:
        raise LayoutError(error.problem) from error
    finally:
        partial.unlink(missing_ok=True)


def _archive_entries(layout: Path) -> Iterator[Entry]:
    blobs = sorted(path.relative_to(layout).as_posix() for path in (layout / "blobs").rglob("*"))
    for name in (HEADER_FILE, INDEX_FILE, "blobs", *blobs):
        path = layout / name
        try:
            status = path.stat()
        except OSError as error:
            raise LayoutError(f"{path} cannot be read: {error.strerror}") from error
        if stat.S_ISDIR(status.st_mode):
            yield Entry(name, Kind.DIRECTORY, FOLDER_MODE)
        else:
            yield Entry(name, Kind.FILE, FILE_MODE, size=status.st_size, content=FileContent(str(path)))


def _check_archive(output: Path) -> None:
    if not output.is_file():
        raise InputError(f"output: {output} is not a file", "name another file, or a folder without .tar")
    try:
        with tarfile.open(output, "r:") as archive:
            names = {member.name.removeprefix("./") for member in archive}
    except tarfile.TarError:
        names = set()
    if output.stat().st_size and not names & {HEADER_FILE, MANIFEST_FILE}:
        raise InputError(f"output: {output} is not an image archive", "name a new file")


def _write(path: Path, content: bytes) -> None:
    with disk_faults(path):
        path.write_bytes(content)
        path.chmod(FILE_MODE)


def _replace_folder(partial: Path, output: Path) -> None:
    """Rename `partial` to `output`; what was there is put back when that fails, else deleted."""
    if not output.exists() or not any(output.iterdir()):
        partial.rename(output)  # POSIX: an empty folder gives way
        return
    aside = make_partial_folder(output.parent, output.name)
    output.rename(aside)
    try:
        partial.rename(output)
    except BaseException:
        aside.rename(output)
        raise
    shutil.rmtree(aside)


def _replace_members(partial: Path, output: Path) -> None:
    """Empty `output` and move the members of `partial` into it: the index goes first and comes last."""
    (output / INDEX_FILE).unlink(missing_ok=True)
    for old in output.iterdir():
        if old.is_dir() and not old.is_symlink():
            if old != partial:
                shutil.rmtree(old)
        else:
            old.unlink()
    for name in ("blobs", HEADER_FILE, INDEX_FILE):
        (partial / name).rename(output / name)
