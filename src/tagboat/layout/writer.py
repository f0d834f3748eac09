"""Writing a layout: built beside its place, then put there whole (image-spec image-layout.md)."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tagboat.errors import DockerfileError, InputError, LayoutError, MachineError
from tagboat.layers.changes import Entry, FileContent, Kind
from tagboat.layers.tarball import tar_stream
from tagboat.layout.blobs import BlobStore
from tagboat.layout.disk import FILE_MODE, FOLDER_MODE, disk_faults, make_folder
from tagboat.layout.docker_archive import MANIFEST_FILE
from tagboat.layout.medium import HEADER_FILE, INDEX_FILE
from tagboat.layout.replace import replace_folder, replace_members
from tagboat.oci import canonical
from tagboat.oci.annotations import REF_NAME
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index
from tagboat.temporary import lasting_members, partial_path, sweep

_HEADER = canonical.encode({"imageLayoutVersion": "1.0.0"})


class LayoutWriter:
    """A layout in the making: a context manager that leaves nothing behind unless `commit` was reached.

    Blobs go into `blobs` in any order and from any thread. Raises `InputError` as `check_output` does.
    """

    def __init__(self, output: Path) -> None:
        check_output(output)
        self._output = output.resolve()

    def __enter__(self) -> Self:
        parent = _workshop(self._output)
        make_folder(parent)
        with ExitStack() as stack, disk_faults(parent):
            self._partial = stack.enter_context(partial_path(parent, self._output.name))
            self._partial.mkdir()
            self._partial.chmod(FOLDER_MODE)
            self._cleaning = stack.pop_all()
        self.blobs = BlobStore(self._partial)
        return self

    def commit(self, roots: Sequence[Descriptor]) -> Path:
        """Write `oci-layout` and `index.json` with these entries as given, and put the layout in its place."""
        make_folder(self._partial / "blobs")
        _write(self._partial / HEADER_FILE, _HEADER)
        _write(self._partial / INDEX_FILE, Index.make(manifests=roots).raw)
        with disk_faults(self._output):
            if self._partial.parent == self._output:
                replace_members(self._partial, self._output)
            else:
                check_output(self._output)  # again: somebody may have put something there meanwhile
                replace_folder(self._partial, self._output)
        return self._output

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleaning.close()


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
    while True:
        seen = _identity(output)
        try:
            with disk_faults(output):
                _check_archive(output) if is_archive_name(output) else _check_folder(output)
        except (InputError, MachineError):
            if _identity(output) == seen:  # else another build replaced it while we looked
                raise
        else:
            return


def clear_leftovers(output: Path) -> None:
    """Delete what builds that were killed left where this output is made, before it gets into a build context."""
    sweep(output.absolute().parent if is_archive_name(output) else _workshop(output.resolve()))


def _workshop(output: Path) -> Path:
    """Return the folder in which a layout is made: beside its place, where that can be renamed to."""
    return output if output.is_mount() else output.parent


def write_archive(layout: Path, file: Path) -> None:
    """Write a layout folder as one OCI archive: an uncompressed tar that depends on nothing but the layout.

    The file appears whole or not at all. Raises `InputError` as `check_output` does.
    """
    check_output(file)
    make_folder(file.absolute().parent)
    with ExitStack() as stack:
        with disk_faults(file.absolute().parent):
            partial = stack.enter_context(partial_path(file.absolute().parent, file.name))
        try:
            with disk_faults(file), partial.open("xb") as stream:
                os.fchmod(stream.fileno(), FILE_MODE)
                for chunk in tar_stream(_archive_entries(layout)):
                    stream.write(chunk)
        except DockerfileError as error:
            raise LayoutError(error.problem) from error
        with disk_faults(file):
            partial.rename(file)


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


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_folder(output: Path) -> None:
    if not os.path.lexists(output):
        return
    if not output.is_dir():
        raise InputError(f"output: {output} is not a folder", "name a folder, or a file that ends in .tar")
    # The index may be missing: a build that is killed while it fills a mount point leaves the header alone.
    if lasting_members(output) and not (output / HEADER_FILE).is_file():
        raise InputError(f"output: {output} holds something that is not an image layout", "name an empty or new folder")


def _check_archive(output: Path) -> None:
    if not os.path.lexists(output):
        return
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
