"""Streams of bytes regrouped into blocks of one size, so that what follows does not depend on how they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

BLOCK_BYTES = 1 << 20

Chunk = bytes | memoryview


def blocks(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield the same bytes in blocks of exactly `BLOCK_BYTES`; only the last may be shorter, none is empty."""
    pending: list[Chunk] = []
    pending_bytes = 0
    for chunk in chunks:
        pending.append(chunk)
        pending_bytes += len(chunk)
        if pending_bytes >= BLOCK_BYTES:
            whole = memoryview(pending[0] if len(pending) == 1 else b"".join(pending))
            cut = pending_bytes - pending_bytes % BLOCK_BYTES
            for start in range(0, cut, BLOCK_BYTES):
                yield whole[start : start + BLOCK_BYTES]
            pending = [bytes(whole[cut:])] if cut < pending_bytes else []
            pending_bytes -= cut
    if pending_bytes:
        yield b"".join(pending)
