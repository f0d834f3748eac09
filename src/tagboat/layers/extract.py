"""Reading a layer: the entries that its tar holds, and on request their contents."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, BinaryIO, Self, cast

from tagboat.errors import LayoutError
from tagboat.layers.blocks import BLOCK_BYTES
from tagboat.layers.changes import Content, Entry, Kind
from tagboat.layers.decompress import decompressed
from tagboat.layers.streams import SliceContent
from tagboat.layers.tarball import OPAQUE_NAME, WHITEOUT_PREFIX, XATTR_PREFIX

_KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.CONTTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.DIRECTORY,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.CHRTYPE: Kind.CHARACTER_DEVICE,
    tarfile.BLKTYPE: Kind.BLOCK_DEVICE,
    tarfile.FIFOTYPE: Kind.FIFO,
}
# What aufs keeps beside whiteouts is its own affair (image-spec layer.md names only the opaque one).
_AUFS_PREFIX = ".wh..wh."
_CUT_SHORT = "ends in the middle of a file"
# tarfile skips a file of any size that a header claims, piece by piece, and does not look for the end of the stream.
_MAX_EMPTY_READS = 100


def read_layer(
    stream: BinaryIO, media_type: str, spool: Path | None = None, *, passing: bool = False
) -> Iterator[Entry]:
    """Yield the entries of a layer in the order of its tar, reading `stream` to its end, in bounded memory.

    With `spool` the uncompressed tar is written to that file and every file's `content` is its part there, to be
    opened once the iteration is over. With `passing` the content of an entry can be opened until the next one is asked
    for, and never again. Without either it is None. All but directories and whiteouts carry a `link_group`, often alone
    in it. A hard link to a file of a lower layer is a file with the path in `target`. Absolute names count as relative.
    Raises `LayoutError` for broken data, names that leave the root, sparse files and types that are no file system's.
    """
    for _, entry in tar_entries(decompressed(stream, media_type), spool, passing=passing):
        if entry is not None:
            yield entry


def tar_entries(
    tar: BinaryIO, spool: Path | None = None, subject: str = "a layer", *, passing: bool = False
) -> Iterator[tuple[tarfile.TarInfo, Entry | None]]:
    """Yield each header of an uncompressed layer and the entry it stands for, None for what only aufs understands.

    Everything else is as `read_layer` says; `subject` is what the words of an error call the tar.
    """
    try:
        yield from _tar_entries(tar, spool, passing=passing)
    except _BrokenTarError as error:
        raise LayoutError(f"{subject} {error}") from error


class _BrokenTarError(Exception):
    """What is wrong with a tar, as words that its name goes before."""


def _tar_entries(tar: BinaryIO, spool: Path | None, *, passing: bool) -> Iterator[tuple[tarfile.TarInfo, Entry | None]]:
    with spool.open("wb", buffering=0) if spool else nullcontext() as copy:
        tap = _Tap(tar, copy)
        linkable: dict[str, Entry] = {}
        for archive, member in _members(tap):
            entry = _entry(member, linkable, spool)
            if passing and entry is not None and member.isreg() and entry.kind is Kind.FILE:
                entry = entry._replace(content=_PassingContent(archive, member))
            if entry is not None and entry.link_group is not None:
                linkable[entry.path] = entry
            yield member, entry
        while tap.read(BLOCK_BYTES):
            pass  # what stands after the end of the archive still belongs to the digests of stream and spool


class _Tap:
    """A stream that counts what is read from it and keeps a copy."""

    def __init__(self, stream: BinaryIO, copy: IO[bytes] | None) -> None:
        self._stream = stream
        self._copy = copy
        self._empty_reads = 0
        self.count_bytes = 0

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        if not chunk:
            self._empty_reads += 1
            if self._empty_reads > _MAX_EMPTY_READS:
                raise _BrokenTarError(_CUT_SHORT)
        self.count_bytes += len(chunk)
        if self._copy and chunk:
            self._copy.write(chunk)
        return chunk


class _Header(tarfile.TarInfo):
    """A header whose size is one: old versions of tarfile go backwards by a negative one (CVE-2025-8194)."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0:
            raise tarfile.HeaderError("negative size")
        return header


class _PassingContent:
    """A file's content while the stream stands before it."""

    __slots__ = ("_archive", "_member")

    def __init__(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        self._archive = archive
        self._member = member

    def open(self) -> BinaryIO:
        """Return the stream over the file; an archive that ends in it raises `tarfile.ReadError` from there."""
        file = self._archive.extractfile(self._member)
        assert file is not None, "it is a regular file"
        return cast("BinaryIO", file)


def _members(tap: _Tap) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Yield an archive with each of its headers; raises `_BrokenTarError` when it is broken or ends within a file."""
    end = 0
    try:
        with tarfile.open(
            fileobj=cast("BinaryIO", tap),
            mode="r|",
            bufsize=BLOCK_BYTES,
            tarinfo=_Header,
            encoding="utf-8",
            errors="surrogateescape",
        ) as archive:
            for member in archive:
                archive.members = []  # type: ignore[attr-defined]  # it would keep them all
                if member.size < 0:  # by a PAX record
                    raise tarfile.HeaderError("negative size")
                end = member.offset_data + (member.size if member.isreg() else 0)
                yield archive, member
    except tarfile.TarError as error:
        if tap.count_bytes:
            raise _BrokenTarError(f"is not a tar archive: {error}") from error
    if end > tap.count_bytes:
        raise _BrokenTarError(_CUT_SHORT)


def _entry(member: tarfile.TarInfo, earlier: Mapping[str, Entry], spool: Path | None) -> Entry | None:
    """Return the entry that a header describes; None for what only aufs understands."""
    path = _path(member.name)
    if member.islnk():
        return _hard_link(member, path, earlier)
    kind = _KINDS.get(member.type)
    if kind is None or member.sparse is not None:
        raise _BrokenTarError(f"holds {path} as tar type {member.type!r}, which no file system image has")
    entry = Entry(path, kind, member.mode & 0o7777, member.uid, member.gid, int(member.mtime // 1))
    folder, _, name = path.rpartition("/")
    if name.startswith(WHITEOUT_PREFIX):
        return _whiteout(entry, folder, name)
    if kind is Kind.DIRECTORY:
        return entry._replace(xattrs=_xattrs(member))
    content: Content | None = None
    if kind is Kind.FILE and spool:
        content = SliceContent(spool, member.offset_data, member.size)
    return entry._replace(
        size=member.size if kind is Kind.FILE else 0,
        content=content,
        target=member.linkname if kind is Kind.SYMLINK else "",
        device=(member.devmajor, member.devminor) if member.isdev() and kind is not Kind.FIFO else (0, 0),
        xattrs=_xattrs(member),
        link_group=member.offset,
    )


def _hard_link(member: tarfile.TarInfo, path: str, earlier: Mapping[str, Entry]) -> Entry:
    target = _path(member.linkname)
    first = earlier.get(target)
    if first is not None:
        return first._replace(path=path)
    return Entry(path, Kind.FILE, member.mode & 0o7777, member.uid, member.gid, int(member.mtime // 1), target=target)


def _whiteout(entry: Entry, folder: str, name: str) -> Entry | None:
    if name == OPAQUE_NAME:
        return entry._replace(path=folder, kind=Kind.OPAQUE)
    if name.startswith(_AUFS_PREFIX):
        return None
    hidden = name.removeprefix(WHITEOUT_PREFIX)
    if hidden in {"", ".", ".."}:
        raise _BrokenTarError(f"holds the whiteout {entry.path!r}, which names nothing")
    return entry._replace(path=f"{folder}/{hidden}" if folder else hidden, kind=Kind.WHITEOUT)


def _xattrs(member: tarfile.TarInfo) -> dict[str, bytes]:
    return {
        key.removeprefix(XATTR_PREFIX): value.encode("utf-8", "surrogateescape")
        for key, value in member.pax_headers.items()
        if key.startswith(XATTR_PREFIX)
    }


def _path(name: str) -> str:
    """Return a tar name as a path of ours; raises `_BrokenTarError` when it climbs out."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise _BrokenTarError(f"holds the unsafe path {name!r}")
    return "/".join(parts)
