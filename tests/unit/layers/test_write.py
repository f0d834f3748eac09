"""Layers written in one pass."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
import threading

import pytest

from tagboat.errors import DockerfileError, InputError
from tagboat.flow.request import Compression
from tagboat.layers.changes import BytesContent, Entry, FileContent, Kind
from tagboat.layers.tarball import tar_stream
from tagboat.layers.write import write_layer
from tagboat.oci import mediatype
from tagboat.oci.digest import Digest

LARGE = Entry("large", Kind.FILE, size=20_000_000, content=BytesContent(bytes(20_000_000)))


class FullDisk:
    """A sink that takes some bytes and then no more."""

    def __init__(self, fault: BaseException) -> None:
        self.left = 3
        self.fault = fault

    def write(self, _chunk: bytes) -> None:
        self.left -= 1
        if not self.left:
            raise self.fault


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_a_layer_is_its_tar_compressed(jobs):
    """The sink gets the compressed tar, the diff ID and size are those of the tar itself."""
    plain = b"".join(tar_stream([LARGE]))
    sink = io.BytesIO()
    written = write_layer(iter([LARGE]), sink, jobs=jobs)
    assert gzip.decompress(sink.getvalue()) == plain
    assert written.diff_id == Digest.of(plain)
    assert written.size_bytes_uncompressed == len(plain)
    assert written.media_type == mediatype.LAYER_GZIP


def test_the_codec_is_the_one_asked_for():
    """The media type says how the layer is compressed."""
    written = write_layer([LARGE], io.BytesIO(), Compression(codec="zstd", level=3))
    assert written.media_type == mediatype.LAYER_ZSTD


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("gzip:2", "5112d15be6adf5af0de474632975a3f33bf2633f0b881bfa12044565594aa99b"),
        ("gzip:6", "24c77fa624aab85fa1261daf15ea9bd402f7795c75ba7415beb792684f4571ff"),
        ("gzip:9", "b6b2300e6c6c0757fbbb4582b7f746623c79cccb760132cd3f6da4d1a57d7d04"),
    ],
)
def test_a_layer_has_the_bytes_it_always_had(name, digest, tmp_path):
    """Another release with the same codecs makes the same digest of the same files."""
    entries = list(_files_of_many_sizes(tmp_path))
    codec, level = name.split(":")
    sink = io.BytesIO()
    write_layer(entries, sink, Compression(codec=codec, level=int(level)), jobs=2)
    assert hashlib.sha256(sink.getvalue()).hexdigest() == digest


def _files_of_many_sizes(folder):
    """Yield files around the sizes at which tar pads and blocks end."""
    for number, size in enumerate((0, 1, 511, 512, 513, 300_000, 1_048_063, 1_048_064, 1_048_576, 2_500_000)):
        words = b"".join(b"%d;" % (index * index % 9973) for index in range(size // 3 + 1))
        path = folder / str(number)
        path.write_bytes(words[:size])
        yield Entry(f"d/{number}", Kind.FILE, 0o644, mtime=number, size=size, content=FileContent(str(path)))


def test_an_empty_layer_can_be_written():
    """A layer of no entries is the two blocks that end a tar."""
    assert write_layer([], io.BytesIO()).diff_id == Digest.of(bytes(1024))


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("fault", [OSError("disk is full"), KeyboardInterrupt()])
def test_a_fault_of_the_sink_ends_every_thread(codec, fault):
    """When the sink fails, or the user interrupts, the exception leaves and no thread stays."""
    before = threading.active_count()
    noise = Entry("n", Kind.FILE, size=8 << 20, content=BytesContent(hashlib.shake_128(b"n").digest(8 << 20)))
    with pytest.raises(type(fault)):
        write_layer([noise] * 8, FullDisk(fault), Compression(codec=codec, level=3), jobs=2)
    assert threading.active_count() == before


def test_a_fault_of_the_source_ends_every_thread(tmp_path):
    """When a file cannot be read, the error leaves and no thread stays."""
    before = threading.active_count()
    gone = Entry("gone", Kind.FILE, size=1, content=FileContent(str(tmp_path / "gone")))
    with pytest.raises(DockerfileError, match="gone"):
        write_layer([LARGE, gone], io.BytesIO(), jobs=2)
    assert threading.active_count() == before


def test_a_fault_of_the_walk_comes_through():
    """What the walk over the entries raises leaves unchanged."""

    def walk():
        yield LARGE
        raise LookupError("walk")

    with pytest.raises(LookupError, match="walk"):
        write_layer(walk(), io.BytesIO())


def test_a_wrong_compression_is_told_before_the_walk():
    """Nothing is read for a codec that there is not."""

    def walk():
        raise AssertionError("was read")
        yield

    with pytest.raises(InputError, match="lzma:1"):
        write_layer(walk(), io.BytesIO(), Compression(codec="lzma", level=1))


MEMORY_PROGRAM = """
import sys
from tagboat.flow.request import Compression
from tagboat.layers.changes import Entry, FileContent, Kind
from tagboat.layers.write import write_layer

class Nowhere:
    def write(self, chunk): pass

file = Entry("f", Kind.FILE, size=600_000_000, content=FileContent(sys.argv[1]))
written = write_layer([file], Nowhere(), Compression(codec=sys.argv[2], level=int(sys.argv[3])), jobs=2)
assert written.size_bytes_uncompressed > 600_000_000
# Not ru_maxrss, which a process inherits from the one that started it.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("codec", "level"), [("gzip", 1), ("zstd", 1)])
def test_memory_does_not_grow_with_the_file(tmp_path, codec, level):
    """A file of 600 MB takes no more than 64 MiB of memory, Python itself included."""
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as stream:
        stream.truncate(600_000_000)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_PROGRAM, sparse, codec, str(level)],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 64 << 10
