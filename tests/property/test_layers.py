"""Layers of any entries, written and read back."""

from __future__ import annotations

import contextlib
import io
import string
import tarfile

from hypothesis import given, settings
from hypothesis import strategies as st

from tagboat.errors import LayoutError
from tagboat.flow.request import Compression
from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.compress import compress
from tagboat.layers.extract import read_layer
from tagboat.layers.tarball import tar_stream
from tagboat.layers.tree import Tree
from tagboat.layers.write import write_layer
from tagboat.oci import mediatype

# File names are any bytes but slash and NUL; a surrogate escape stands for a byte that is not UTF-8.
names = (
    st.one_of(
        st.text(string.ascii_lowercase, min_size=1, max_size=4),
        st.binary(min_size=1, max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
        st.text(string.ascii_letters + "äß中", min_size=50, max_size=120),
    )
    .map(lambda name: name.replace("/", "_").replace("\0", "_"))
    .filter(lambda name: name not in {".", ".."} and not name.startswith(".wh."))
)
paths = st.lists(names, min_size=1, max_size=5).map("/".join)
numbers = st.one_of(st.integers(0, 2000), st.integers(0, 2**32 - 2))
xattrs = st.dictionaries(
    st.text(string.ascii_lowercase + ".", min_size=1).map(lambda name: "user." + name),
    st.binary(max_size=60),
    max_size=2,
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(Kind))
    data = draw(st.binary(max_size=1500)) if kind is Kind.FILE else b""
    devices = {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}
    return Entry(
        draw(paths),
        kind,
        draw(st.integers(0, 0o7777)),
        draw(numbers),
        draw(numbers),
        draw(st.integers(-(2**40), 2**40)),
        len(data),
        BytesContent(data) if kind is Kind.FILE else None,
        draw(paths) if kind is Kind.SYMLINK else "",
        (draw(st.integers(0, 4095)), draw(st.integers(0, 2**20 - 1))) if kind in devices else (0, 0),
        draw(xattrs) if kind not in {Kind.WHITEOUT, Kind.OPAQUE} else {},
    )


layers = st.lists(entries(), max_size=8, unique_by=lambda entry: (entry.path, entry.kind is Kind.OPAQUE))


def contents(entry: Entry) -> bytes | None:
    if entry.content is None:
        return None
    with entry.content.open() as stream:
        return stream.read()


def plain(entry: Entry) -> Entry:
    """Return the entry without what differs between an entry made and one read."""
    return entry._replace(content=None, link_group=None, xattrs=dict(entry.xattrs))


@given(layers, st.sampled_from([("gzip", 1), ("gzip", 2), ("zstd", 3)]), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(tmp_path_factory, layer, compression, jobs):
    """Any entries come back from a layer exactly, their contents and order too."""
    sink = io.BytesIO()
    written = write_layer(layer, sink, Compression(codec=compression[0], level=compression[1]), jobs)
    sink.seek(0)
    spool = tmp_path_factory.mktemp("layer") / "spool"
    read = list(read_layer(sink, written.media_type, spool))
    assert [plain(entry) for entry in read] == [plain(entry) for entry in layer]
    assert [contents(entry) for entry in read] == [contents(entry) for entry in layer]


@given(layers)
@settings(max_examples=60, deadline=None)
def test_the_standard_library_agrees(layer):
    """`tarfile` finds as many members, with the same attributes."""
    tar = b"".join(tar_stream(layer))
    with tarfile.open(fileobj=io.BytesIO(tar), errors="surrogateescape") as archive:
        members = archive.getmembers()
    got = [(m.mode, m.uid, m.gid, m.mtime, m.size) for m in members]
    assert got == [(e.mode, e.uid, e.gid, e.mtime, e.size) for e in layer]


@given(st.binary(max_size=5000), st.lists(st.integers(1, 3_000_000), min_size=1, max_size=4), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_chunks_and_workers_change_no_byte(seed, cuts, jobs):
    """However the input is cut and however many work on it, the compressed bytes are the same."""
    data = (seed or b"x") * (2_500_000 // max(len(seed), 1))
    chunks, start = [], 0
    for cut in cuts:
        chunks.append(data[start : start + cut])
        start += cut
    chunks.append(data[start:])
    for compression in (Compression(codec="gzip", level=1), Compression(codec="zstd", level=1)):
        assert b"".join(compress(chunks, compression, jobs)) == b"".join(compress([data], compression, 1))


@given(st.binary(max_size=2000), st.sampled_from([mediatype.LAYER, mediatype.LAYER_GZIP, mediatype.LAYER_ZSTD]))
def test_noise_is_a_broken_layout_and_nothing_else(noise, media_type):
    """Bytes that are no layer raise `LayoutError`, never a library's own exception."""
    with contextlib.suppress(LayoutError):
        list(read_layer(io.BytesIO(noise), media_type))


@given(layers, st.integers(0, 4000), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_damaged_tar_is_a_broken_layout_and_nothing_else(layer, position, value):
    """One wrong byte anywhere either goes unnoticed or raises `LayoutError`."""
    tar = bytearray(b"".join(tar_stream(layer)))
    tar[position % len(tar)] = value
    with contextlib.suppress(LayoutError):
        list(read_layer(io.BytesIO(bytes(tar)), mediatype.LAYER))


@given(st.lists(layers, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_tree_is_consistent_after_any_layers(stack):
    """Every path lies in a directory, is found by its parent and by the walk, once and after its parent."""
    tree = Tree()
    for layer in stack:
        try:
            tree.apply(layer)
        except LayoutError:
            return
    walked = [entry.path for entry in tree.walk()]
    assert len(set(walked)) == len(walked) == len(tree)
    for entry in tree.walk():
        parent, _, name = entry.path.rpartition("/")
        assert entry.path == "" or (tree.is_directory(parent) and name in tree.children(parent))
    again = Tree()
    again.apply(tree.walk())
    assert [plain(entry) for entry in again.walk()] == [plain(entry) for entry in tree.walk()]
