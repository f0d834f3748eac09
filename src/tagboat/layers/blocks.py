"""Streams of bytes regrouped into blocks of one size, so that what follows does not depend on how they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

BLOCK_BYTES = 1 << 20

Chunk = bytes | memoryview


class BlockFiller:
    """Blocks of exactly `BLOCK_BYTES`, filled in place.

    Who fills passes on the blocks that `add`, `advance` and, at the end, `rest` yield. Each has memory of its own: one
    that was given away stays as it is.
    """

    def __init__(self) -> None:
        self._block = memoryview(bytearray(BLOCK_BYTES))
        self._filled = 0

    @property
    def free(self) -> memoryview:
        """The part that waits to be filled, never empty."""
        return self._block[self._filled :]

    def advance(self, count: int) -> Iterator[Chunk]:
        """Take the first `count` bytes of `free` as filled."""
        self._filled += count
        if self._filled == BLOCK_BYTES:
            full = self._block
            self._block = memoryview(bytearray(BLOCK_BYTES))
            self._filled = 0
            yield full

    def add(self, chunk: Chunk) -> Iterator[Chunk]:
        """Copy these bytes; a whole block, where one begins, passes as it is."""
        if len(chunk) == BLOCK_BYTES and not self._filled:
            yield chunk
            return
        at = 0
        while at < len(chunk):
            part = chunk[at : at + BLOCK_BYTES - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            at += len(part)
            yield from self.advance(len(part))

    def rest(self) -> Iterator[Chunk]:
        """Yield what is filled of the last block, nothing when that is empty."""
        if self._filled:
            yield self._block[: self._filled]


def blocks(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield the same bytes in blocks of exactly `BLOCK_BYTES`; only the last may be shorter, none is empty."""
    filler = BlockFiller()
    for chunk in chunks:
        yield from filler.add(chunk)
    yield from filler.rest()
