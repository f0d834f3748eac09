"""Blobs checked while they are read."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from tagboat.errors import LayoutError
from tagboat.layers.streams import ReadStream
from tagboat.oci.descriptor import Descriptor

# Other algorithms fit the grammar of digests, but nothing says what they compute (image-spec descriptor.md).
VERIFIABLE = frozenset({"sha256", "sha512"})


class VerifiedStream(ReadStream):
    """A stream that raises `LayoutError` where it ends, if digest or size are not those of its descriptor.

    The descriptor's algorithm must be in `VERIFIABLE`.
    """

    def __init__(self, stream: BinaryIO, descriptor: Descriptor) -> None:
        self._stream = stream
        self._descriptor = descriptor
        self._hash = hashlib.new(descriptor.digest.algorithm)
        self._count_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; the last ones only when all were right."""
        chunk = self._stream.read(size)
        self._hash.update(chunk)
        self._count_bytes += len(chunk)
        if self._count_bytes >= self._descriptor.size or (size and not chunk):
            self._check()
        return chunk

    def close(self) -> None:
        """Close the stream beneath too."""
        self._stream.close()
        super().close()

    def _check(self) -> None:
        if (self._count_bytes, self._hash.hexdigest()) != (self._descriptor.size, self._descriptor.digest.encoded):
            raise LayoutError(f"the content of blob {self._descriptor.digest} does not match its digest")
