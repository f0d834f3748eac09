"""How a content is compressed, and its bytes."""

from __future__ import annotations

import gzip
import io

import pytest

from tagboat.layers.compress import zstd_library
from tagboat.layers.decompress import compression_of, decompressed
from tagboat.oci import mediatype

DATA = bytes(range(256)) * 5000


@pytest.mark.parametrize(
    ("head", "codec"),
    [(b"\x1f\x8b\x08\0", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"", ""), (b"\x1f", ""), (b"usr/", "")],
)
def test_the_first_bytes_tell_the_compression(head, codec):
    """Four bytes are enough, and fewer are no error."""
    assert compression_of(head) == codec


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        (mediatype.LAYER, DATA),
        (mediatype.LAYER_GZIP, gzip.compress(DATA)),
        (mediatype.LAYER_ZSTD, zstd_library().compress(DATA)),
    ],
    ids=["tar", "gzip", "zstd"],
)
def test_a_stream_can_be_read_in_every_way(media_type, data):
    """The uncompressed bytes come whole, in pieces, and into a buffer."""
    assert decompressed(io.BytesIO(data), media_type).read() == DATA
    stream = decompressed(io.BytesIO(data), media_type)
    assert b"".join(iter(lambda: stream.read(1000), b"")) == DATA
    buffered = io.BufferedReader(decompressed(io.BytesIO(data), media_type))
    assert buffered.read(10) == DATA[:10]
    assert buffered.read() == DATA[10:]
