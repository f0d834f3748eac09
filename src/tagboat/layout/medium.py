"""Where a layout's files lie: a folder or an uncompressed tar archive, read alike."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from tagboat.errors import InputError, LayoutError
from tagboat.layers.decompress import compression_of
from tagboat.layers.streams import SliceContent

HEADER_FILE = "oci-layout"
INDEX_FILE = "index.json"


class Medium(Protocol):
    """Files by their name below the layout's top."""

    def __contains__(self, name: str, /) -> bool:
        """Say whether there is such a file."""

    def names(self) -> list[str]:
        """Return the sorted names of all files."""

    def size_bytes(self, name: str) -> int:
        """Return a file's size; raises `LayoutError` when it is not there."""

    def open(self, name: str) -> BinaryIO:
        """Return an unbuffered stream over a file; raises `LayoutError` when it is not there."""

    def path(self, name: str) -> Path | None:
        """Return the path of a file that is one of its own on disk, None inside an archive."""


class Folder:
    """A folder on disk."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def __contains__(self, name: str, /) -> bool:
        return (self._top / name).is_file()

    def names(self) -> list[str]:
        """Return the sorted names of everything but folders."""
        return sorted(path.relative_to(self._top).as_posix() for path in self._top.rglob("*") if not path.is_dir())

    def size_bytes(self, name: str) -> int:
        """Return the size of the file."""
        try:
            return (self._top / name).stat().st_size
        except OSError as error:
            raise LayoutError(f"{self._top}: {name} cannot be read: {error.strerror}") from error

    def open(self, name: str) -> BinaryIO:
        """Open the file."""
        try:
            return (self._top / name).open("rb", buffering=0)
        except OSError as error:
            raise LayoutError(f"{self._top}: {name} cannot be read: {error.strerror}") from error

    def path(self, name: str) -> Path:
        """Return the path below the folder."""
        return self._top / name


class Archive:
    """A tar archive, whose headers are read once and whose members are read in place."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._members = _index(file)

    def __contains__(self, name: str, /) -> bool:
        return name in self._members

    def names(self) -> list[str]:
        """Return the sorted names of the members that are files."""
        return sorted(self._members)

    def size_bytes(self, name: str) -> int:
        """Return the size of the member."""
        return self._member(name).size_bytes

    def open(self, name: str) -> BinaryIO:
        """Open the archive at the member."""
        try:
            return self._member(name).open()
        except OSError as error:
            raise LayoutError(f"{self._file} cannot be read: {error.strerror}") from error

    def path(self, name: str) -> None:
        """Return None: a member is no file of its own."""

    def _member(self, name: str) -> SliceContent:
        if name not in self._members:
            raise LayoutError(f"{self._file}: there is no {name} in it")
        return self._members[name]


def open_medium(path: Path) -> Medium:
    """Return the files at `path`; raises `InputError` when there is nothing and `LayoutError` when it is no archive."""
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        raise InputError(f"there is no image layout at {path}", "name a layout folder or an image archive")
    return Archive(path)


def _index(file: Path) -> Mapping[str, SliceContent]:
    """Return the parts of the archive that are files, those that links lead to among them."""
    with file.open("rb") as stream:
        codec = compression_of(stream.read(4))
    if codec:
        raise LayoutError(f"{file} is compressed with {codec}", f"unpack it first: {codec} -d")
    members: dict[str, SliceContent] = {}
    links: dict[str, str] = {}
    try:
        with tarfile.open(file, "r:") as archive:
            for member in archive:
                name = posixpath.normpath(member.name)
                if member.isreg():
                    members[name] = SliceContent(file, member.offset_data, member.size)
                elif member.islnk():
                    links[name] = posixpath.normpath(member.linkname)
                elif member.issym():
                    links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
    except tarfile.TarError as error:
        raise LayoutError(f"{file} is neither a layout folder nor an image archive: {error}") from error
    # Old versions of Docker save a layer that several images share once, and links to it.
    members.update({name: members[target] for name, target in links.items() if target in members})
    return members
