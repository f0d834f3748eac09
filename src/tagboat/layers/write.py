"""Writing a layer in one pass: tar, diff ID and compression at once, in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from tagboat.flow.request import Compression
from tagboat.layers.blocks import Chunk
from tagboat.layers.changes import Entry
from tagboat.layers.compress import compress, media_type_of
from tagboat.layers.tarball import tar_stream
from tagboat.oci.digest import Digest

_MAX_UNHASHED_BLOCKS = 2
# One thread reads; it cannot feed more than these, and each holds memory.
_MAX_DEFAULT_JOBS = 4


class LayerSink(Protocol):
    """Where the compressed bytes go: called in order, from the thread that called `write_layer`."""

    def write(self, chunk: bytes, /) -> object:
        """Take the next bytes; what it raises ends the writing of the layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLayer:
    """A layer's diff ID (the digest of the uncompressed tar), its media type and the size of the tar."""

    diff_id: Digest
    media_type: str
    size_bytes_uncompressed: int


def write_layer(
    entries: Iterable[Entry], sink: LayerSink, compression: Compression | None = None, jobs: int = 0
) -> WrittenLayer:
    """Write the layer that holds `entries`, in their order, to `sink`.

    `compression` None is the default one; `jobs` 0 is one a processor, at most four; their number never changes the
    bytes. The calling thread walks, reads and writes while others hash and compress; when any of them fails, or the
    caller is interrupted, all have ended before the exception leaves. Raises what `tar_stream` and `compress` raise.
    """
    compression = compression or Compression()
    jobs = jobs or min(os.cpu_count() or 1, _MAX_DEFAULT_JOBS)
    diff_id = _DiffId()
    with (
        closing(diff_id.watch(tar_stream(entries))) as tar,
        closing(compress(tar, compression, jobs)) as compressed,
    ):
        for chunk in compressed:
            sink.write(chunk)
    return WrittenLayer(
        diff_id=diff_id.digest, media_type=media_type_of(compression), size_bytes_uncompressed=diff_id.size_bytes
    )


class _DiffId:
    """The digest and size of a stream that passes by, computed in a thread of its own."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    @property
    def digest(self) -> Digest:
        return Digest("sha256:" + self._sha256.hexdigest())

    def watch(self, chunks: Iterable[Chunk]) -> Generator[Chunk]:
        """Yield the chunks as they come; the digest is complete when the iteration is."""
        unhashed: deque[Future[None]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="diff-id") as thread:
            for chunk in chunks:
                unhashed.append(thread.submit(self._sha256.update, chunk))
                if len(unhashed) > _MAX_UNHASHED_BLOCKS:
                    unhashed.popleft().result()
                self.size_bytes += len(chunk)
                yield chunk
