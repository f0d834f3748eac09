"""Archives as ADD takes them: a tar, plain or compressed, known by its content and never by its name."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import BinaryIO, cast

from tagboat.errors import LayoutError
from tagboat.layers.changes import Content, Entry, Kind
from tagboat.layers.decompress import Opened, open_gzip, open_zstd
from tagboat.layers.extract import tar_entries

_BLOCK_BYTES = 512


def archive_entries(content: Content, spool: Path) -> list[Entry] | None:
    """Return what an archive holds, in its order, None when the content is no archive.

    The tar is unpacked into the file `spool`, where the entries' contents lie. As with docker build, a compressed file
    with something else than a tar in it is no archive, and neither is an empty tar. Raises `LayoutError` for an archive
    that is broken, leaves its own root, or holds names that would delete files in a layer (`.wh.`).
    """
    with content.open() as stream:
        unpacked, faults = _decompressed(stream)
        try:
            if not _is_tar_header(unpacked.read(_BLOCK_BYTES)):
                return None
        except faults:
            return None
    with content.open() as stream:
        unpacked, faults = _decompressed(stream)
        try:
            entries = [entry for _, entry in tar_entries(unpacked, spool, "the archive")]
        except faults as error:
            raise LayoutError(f"the archive is broken: {error}") from error
    if any(entry is None or entry.kind in {Kind.WHITEOUT, Kind.OPAQUE} for entry in entries):
        raise LayoutError("the archive holds names that begin with .wh., which would delete files in a layer")
    return [entry for entry in entries if entry is not None]


def _is_tar_header(block: bytes) -> bool:
    """Say whether a block is a tar header: its checksum must be right."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _decompressed(stream: BinaryIO) -> Opened:
    """Return the stream, or what is compressed in it, and what reading it raises when the data is broken."""
    head = stream.read(6)
    stream.seek(0)
    for magic, opened in _CODECS.items():
        if head.startswith(magic):
            return opened(stream)
    return stream, ()


def _bzip2(stream: BinaryIO) -> Opened:
    import bz2

    return cast("BinaryIO", bz2.BZ2File(stream)), (EOFError, OSError)


def _xz(stream: BinaryIO) -> Opened:
    import lzma

    return cast("BinaryIO", lzma.LZMAFile(stream)), (EOFError, lzma.LZMAError)


_CODECS = {b"\x1f\x8b": open_gzip, b"BZh": _bzip2, b"\xfd7zXZ\x00": _xz, b"\x28\xb5\x2f\xfd": open_zstd}
