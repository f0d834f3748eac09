"""Layers uncompressed again: the media type says how, and the first bytes must agree with it."""

from __future__ import annotations

from typing import BinaryIO, cast

from tagboat.errors import LayoutError
from tagboat.layers.compress import zstd_library
from tagboat.layers.streams import ReadStream
from tagboat.oci import mediatype

_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_HEAD_BYTES = 4


def compression_of(head: bytes) -> str:
    """Return how a content that starts with `head` is compressed: `gzip`, `zstd`, or empty; four bytes tell."""
    return next((codec for codec, magic in _MAGIC.items() if head.startswith(magic)), "")


def decompressed(stream: BinaryIO, media_type: str) -> BinaryIO:
    """Return a stream of the uncompressed bytes of a layer; reading goes no further in `stream` than it must.

    Several gzip members or zstd frames after one another are one content. Raises `LayoutError`, here when the first
    bytes are not what the media type says, and from `read` when the data is corrupt or cut short.
    """
    head = _read_head(stream)
    said, seen = mediatype.compression(media_type), compression_of(head)
    if said != seen:
        raise LayoutError(f"a layer of type {media_type} holds {_name(seen)}, not {_name(said)}")
    whole = _Rejoined(head, stream)
    if not said:
        return cast("BinaryIO", whole)
    return cast("BinaryIO", _Guarded(cast("BinaryIO", whole), said))


def _name(codec: str) -> str:
    return f"{codec} data" if codec else "uncompressed data"


def _read_head(stream: BinaryIO) -> bytes:
    """Return the first four bytes, fewer at the end only: a socket may give one at a time."""
    head = b""
    while len(head) < _HEAD_BYTES and (chunk := stream.read(_HEAD_BYTES - len(head))):
        head += chunk
    return head


class _Rejoined(ReadStream):
    """A stream with the bytes before it that were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        cut = len(self._head) if size < 0 else size
        chunk, self._head = self._head[:cut], self._head[cut:]
        return chunk + self._rest.read() if size < 0 else chunk


Opened = tuple[BinaryIO, tuple[type[Exception], ...]]
"""A stream of what is compressed in another, and what reading it raises when the data is broken."""


def open_gzip(compressed: BinaryIO) -> Opened:
    """Return the content of one or several gzip members."""
    from zlib_ng import gzip_ng, zlib_ng

    stream = cast("BinaryIO", gzip_ng.open(compressed, "rb"))  # type: ignore[no-untyped-call]
    return stream, (EOFError, gzip_ng.BadGzipFile, cast("type[Exception]", zlib_ng.error))


def open_zstd(compressed: BinaryIO) -> Opened:
    """Return the content of one or several zstd frames."""
    zstd = zstd_library()
    return cast("BinaryIO", zstd.ZstdFile(compressed, mode="r")), (EOFError, zstd.ZstdError)


class _Guarded(ReadStream):
    """A decompressing stream whose library's faults are `LayoutError`s."""

    def __init__(self, compressed: BinaryIO, codec: str) -> None:
        self._codec = codec
        self._stream, self._faults = open_gzip(compressed) if codec == "gzip" else open_zstd(compressed)

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._stream.read(size)
        except self._faults as error:
            raise LayoutError(f"a layer's {self._codec} data is broken: {error}") from error
