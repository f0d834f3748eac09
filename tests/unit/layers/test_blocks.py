"""Streams in blocks."""

from __future__ import annotations

import pytest

from tagboat.layers.blocks import BLOCK_BYTES, blocks


@pytest.mark.parametrize("cut", [1 << 18, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5 * BLOCK_BYTES])
@pytest.mark.parametrize("size", [1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 7])
def test_blocks_do_not_depend_on_the_chunks(cut, size):
    """All blocks but the last are full, none is empty, and the bytes are the same."""
    data = bytes(index % 251 for index in range(1000)) * (size // 1000 + 1)
    data = data[:size]
    got = [bytes(block) for block in blocks(data[start : start + cut] for start in range(0, size, cut))]
    assert b"".join(got) == data
    assert [len(block) for block in got[:-1]] == [BLOCK_BYTES] * (len(got) - 1)
    assert 0 < len(got[-1]) <= BLOCK_BYTES


def test_a_block_that_was_given_away_stays_as_it_is():
    """Whoever keeps blocks finds their bytes unchanged when later ones are filled."""
    kept = list(blocks(bytes([number]) * 1000 for number in range(250) for _ in range(20)))
    assert b"".join(kept) == b"".join(bytes([number]) * 20_000 for number in range(250))


def test_nothing_has_no_blocks():
    """An empty stream, or one of empty chunks, has no block."""
    assert list(blocks([])) == []
    assert list(blocks([b"", b""])) == []
