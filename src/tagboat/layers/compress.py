"""Compression of layers whose bytes depend on content, codec, level and library version, and on nothing else.

Neither the number of workers nor the processor changes them: a build gives one digest on every machine.
"""

from __future__ import annotations

import struct
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from tagboat.errors import InputError, MachineError
from tagboat.flow.request import Compression
from tagboat.layers.blocks import Chunk, blocks
from tagboat.oci import mediatype

_Result = TypeVar("_Result")

# RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown operating system: nothing that differs by host.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# RFC 1951 3.2.3: the last block, empty, with fixed codes.
_DEFLATE_END = b"\x03\x00"
_RAW_DEFLATE = -15
# A smaller job costs size, a larger one memory, of which each thread holds several.
_ZSTD_JOB_BYTES = 2 << 20
_LEVELS = {"gzip": range(1, 10), "zstd": range(1, 20)}


def media_type_of(compression: Compression) -> str:
    """Return the media type of layers made so; raises `InputError` for a codec or level that is none."""
    levels = _LEVELS.get(compression.codec)
    if levels is None or compression.level not in levels:
        raise InputError(
            f"compression: {compression.codec}:{compression.level} is no compression",
            "write gzip:LEVEL with a level of 1 to 9, or zstd:LEVEL with one of 1 to 19",
        )
    return mediatype.LAYER_GZIP if compression.codec == "gzip" else mediatype.LAYER_ZSTD


def compressor_identity(compression: Compression) -> str:
    """Return the text that names everything the bytes depend on but the content, such as `gzip:2 zlib-ng 2.3.3`."""
    if compression.codec == "gzip":
        from zlib_ng import zlib_ng

        library = f"zlib-ng {zlib_ng.ZLIBNG_RUNTIME_VERSION}"
    else:
        library = f"zstd {zstd_library().zstd_version}"
    return f"{compression.codec}:{compression.level} {library}"


def compress(chunks: Iterable[Chunk], compression: Compression, jobs: int) -> Generator[bytes]:
    """Yield the compressed bytes of `chunks`, with `jobs` threads at work and a few more blocks than that in memory.

    How the input is cut into chunks does not matter. Raises `InputError` as `media_type_of` does.
    """
    media_type_of(compression)
    encode = _gzip if compression.codec == "gzip" else _zstandard
    return encode(blocks(chunks), compression.level, max(jobs, 1))


def _gzip(whole_blocks: Iterator[Chunk], level: int, jobs: int) -> Generator[bytes]:
    """Yield one gzip member: each block deflated on its own, ended by a full flush so that they can be joined.

    One member and not one a block, because there are readers that stop after the first.
    """
    from zlib_ng import zlib_ng

    def deflate(block: Chunk) -> tuple[bytes, int, int]:
        deflater = zlib_ng.compressobj(level, zlib_ng.DEFLATED, _RAW_DEFLATE)
        body = deflater.compress(block) + deflater.flush(zlib_ng.Z_FULL_FLUSH)
        return body, zlib_ng.crc32(block), len(block)

    checksum = size_bytes = 0
    yield _GZIP_HEADER
    for body, block_checksum, block_bytes in _in_order(deflate, whole_blocks, jobs):
        checksum = zlib_ng.crc32_combine(checksum, block_checksum, block_bytes)
        size_bytes += block_bytes
        yield body
    yield _DEFLATE_END + struct.pack("<II", checksum, size_bytes & 0xFFFFFFFF)


def _zstandard(whole_blocks: Iterator[Chunk], level: int, jobs: int) -> Generator[bytes]:
    """Yield one zstd frame; the library's own threads cut the input by job size, so their number changes no byte."""
    zstd = zstd_library()
    parameter = zstd.CompressionParameter
    try:
        compressor = zstd.ZstdCompressor(
            options={
                parameter.compression_level: level,
                parameter.nb_workers: jobs,  # never 0: without threads the library makes other bytes
                parameter.job_size: _ZSTD_JOB_BYTES,
            }
        )
    except (ValueError, zstd.ZstdError) as error:
        raise MachineError(f"this machine's zstd has no threads: {error}", "use compression: gzip") from error
    yield from filter(None, map(compressor.compress, whole_blocks))
    yield compressor.flush()


def zstd_library() -> ModuleType:
    """Return the zstd module: the standard library's where there is one (3.14), else its backport."""
    if sys.version_info >= (3, 14):
        return import_module("compression.zstd")
    return import_module("backports.zstd")


def _in_order(function: Callable[[Chunk], _Result], items: Iterator[Chunk], jobs: int) -> Iterator[_Result]:
    """Yield `function` of each item in the items' order, `jobs` at a time and never more than a few in memory.

    However the caller ends the iteration, no thread is left.
    """
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(jobs, thread_name_prefix="compress") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                while waiting and (len(waiting) > jobs + 2 or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
