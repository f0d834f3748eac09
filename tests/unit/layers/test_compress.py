"""Compressed layers, judged by the standard library and the zstd library."""

from __future__ import annotations

import gzip
import random
import threading
import zlib

import pytest

from tagboat.errors import InputError
from tagboat.flow.request import Compression
from tagboat.layers.compress import compress, compressor_identity, media_type_of, zstd_library
from tagboat.oci import mediatype

GZIP = Compression(codec="gzip", level=2)
ZSTD = Compression(codec="zstd", level=3)


def sample(size: int) -> bytes:
    source = random.Random(7)
    words = [source.randbytes(source.randrange(2, 40)) for _ in range(500)]
    return b"".join(source.choices(words, k=size // 15))[:size]


SAMPLE = sample(3_500_000)


def squeeze(data: bytes, compression: Compression, jobs: int = 2, cut: int = 1 << 20) -> bytes:
    return b"".join(compress((data[start : start + cut] for start in range(0, len(data), cut)), compression, jobs))


@pytest.mark.parametrize("data", [b"", b"x", bytes(1 << 20), SAMPLE, random.Random(1).randbytes(1_100_000)])
def test_gzip_is_one_member_that_any_reader_takes(data):
    """The whole content is in the first member, with checksum and size right, and nothing follows it."""
    compressed = squeeze(data, GZIP)
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert reader.decompress(compressed) == data
    assert reader.eof
    assert reader.unused_data == b""
    assert gzip.decompress(compressed) == data


def test_gzip_names_nothing_of_the_host():
    """No time, no file name, no operating system stands in the header (RFC 1952)."""
    assert squeeze(b"x", GZIP)[:10] == bytes.fromhex("1f8b08000000000000ff")


@pytest.mark.parametrize("data", [b"", b"x", SAMPLE])
@pytest.mark.parametrize("level", [1, 3, 19])
def test_zstd_comes_back(data, level):
    """The zstd frame holds the content."""
    small = data[:200_000] if level == 19 else data
    assert zstd_library().decompress(squeeze(small, Compression(codec="zstd", level=level))) == small


@pytest.mark.parametrize(
    "compression", [GZIP, Compression(codec="gzip", level=6), ZSTD], ids=lambda c: f"{c.codec}:{c.level}"
)
def test_neither_workers_nor_chunks_change_a_byte(compression):
    """The same content gives the same bytes with any number of threads and however it is cut."""
    expected = squeeze(SAMPLE, compression, jobs=1)
    assert squeeze(SAMPLE, compression, jobs=2) == expected
    assert squeeze(SAMPLE, compression, jobs=4, cut=333_333) == expected


def test_levels_matter():
    """A higher level of either codec makes less."""
    for codec, low, high in (("gzip", 1, 9), ("zstd", 1, 9)):
        sizes = [len(squeeze(SAMPLE, Compression(codec=codec, level=level))) for level in (low, high)]
        assert sizes[1] < sizes[0]


@pytest.mark.parametrize(("codec", "level"), [("gzip", 0), ("gzip", 10), ("zstd", 0), ("zstd", 23), ("bzip2", 1)])
def test_what_is_no_compression_is_refused_at_once(codec, level):
    """A wrong codec or level is an input's fault, told before any work."""
    with pytest.raises(InputError, match=f"{codec}:{level}"):
        compress([], Compression(codec=codec, level=level), 1)


def test_media_types_and_identity():
    """The media type names the codec; the identity the level and the library's version too."""
    assert media_type_of(GZIP) == mediatype.LAYER_GZIP
    assert media_type_of(ZSTD) == mediatype.LAYER_ZSTD
    assert compressor_identity(GZIP).startswith("gzip:2 zlib-ng 2.")
    assert compressor_identity(ZSTD).startswith("zstd:3 zstd 1.")


@pytest.mark.parametrize("compression", [GZIP, ZSTD], ids=["gzip", "zstd"])
def test_no_thread_survives_a_stopped_reader(compression):
    """When the caller stops in the middle, all threads have ended."""
    before = threading.active_count()
    stream = compress([SAMPLE] * 3, compression, 3)
    next(stream)
    next(stream)
    stream.close()
    assert threading.active_count() == before


def test_a_fault_of_the_source_comes_through():
    """What the source of the chunks raises leaves unchanged."""

    def broken():
        yield bytes(2 << 20)
        raise KeyError("source")

    with pytest.raises(KeyError, match="source"):
        b"".join(compress(broken(), GZIP, 2))
