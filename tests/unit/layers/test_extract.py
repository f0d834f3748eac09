"""Layers read back, made by us and by the standard library."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from tagboat.errors import LayoutError
from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.compress import zstd_library
from tagboat.layers.extract import read_layer
from tagboat.layers.tarball import tar_stream
from tagboat.oci import mediatype


def member(name: str, type_: bytes = tarfile.REGTYPE, **attributes: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = type_
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


def tar(*members: tuple[tarfile.TarInfo, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format_) as archive:
        for header, data in members:
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return stream.getvalue()


def read(data: bytes, media_type: str = mediatype.LAYER, spool=None) -> list[Entry]:
    return list(read_layer(io.BytesIO(data), media_type, spool))


class Trickle(io.RawIOBase):
    """A stream that gives one byte at a time and cannot seek, as a slow connection."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def read(self, _size=-1):
        chunk, self.rest = self.rest[:1], self.rest[1:]
        return chunk


PLAIN = tar(
    (member("d", tarfile.DIRTYPE, mode=0o700), b""), (member("d/f", mode=0o4755, uid=1, gid=2, mtime=3), b"data")
)
ENTRIES = [("d", Kind.DIRECTORY, 0o700), ("d/f", Kind.FILE, 0o4755)]


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        (mediatype.LAYER, PLAIN),
        (mediatype.LAYER_GZIP, gzip.compress(PLAIN)),
        (mediatype.LAYER_GZIP, gzip.compress(PLAIN[:700]) + gzip.compress(PLAIN[700:])),
        (mediatype.LAYER_ZSTD, zstd_library().compress(PLAIN)),
        (mediatype.LAYER_ZSTD, zstd_library().compress(PLAIN[:700]) + zstd_library().compress(PLAIN[700:])),
        (mediatype.DOCKER_LAYER_GZIP, gzip.compress(PLAIN)),
    ],
    ids=["tar", "gzip", "two members", "zstd", "two frames", "docker"],
)
def test_every_compression_is_read(media_type, data):
    """Plain, gzip and zstd layers hold the same entries, in one part or several, however slowly they come."""
    assert [entry[:3] for entry in read(data, media_type)] == ENTRIES
    assert [entry[:3] for entry in read_layer(Trickle(data), media_type)] == ENTRIES


@pytest.mark.parametrize(
    ("media_type", "data", "problem"),
    [
        (mediatype.LAYER, gzip.compress(PLAIN), "holds gzip data, not uncompressed data"),
        (mediatype.LAYER_GZIP, PLAIN, "holds uncompressed data, not gzip data"),
        (mediatype.LAYER_ZSTD, gzip.compress(PLAIN), "holds gzip data, not zstd data"),
        (mediatype.LAYER_GZIP, gzip.compress(PLAIN)[:-9], "gzip data is broken"),
        (mediatype.LAYER_GZIP, gzip.compress(PLAIN)[:-4] + b"oops", "gzip data is broken"),
        (mediatype.LAYER_ZSTD, zstd_library().compress(PLAIN)[:-5], "zstd data is broken"),
        (mediatype.LAYER, PLAIN[:1100], "ends in the middle of a file|not a tar"),
        (mediatype.LAYER, b"x" * 2000, "not a tar archive"),
    ],
)
def test_broken_layers_are_told(media_type, data, problem):
    """Data of another kind than the media type says, corrupt or cut short, is a broken layout."""
    with pytest.raises(LayoutError, match=problem):
        read(data, media_type)


@pytest.mark.parametrize("data", [b"", bytes(512), bytes(1024), bytes(10240)])
def test_an_empty_layer_has_no_entries(data):
    """A layer without entries is legal, with or without the end of an archive."""
    assert read(data) == []


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_of_both_dialects_are_read(format_):
    """Names and link targets beyond ustar are read from PAX records and from GNU's extra members."""
    name, target = "d/" * 100 + "é" * 60, "t" * 300
    headers = [(member(name), b""), (member("l", tarfile.SYMTYPE, linkname=target, uid=3_000_000), b"")]
    file, link = read(tar(*headers, format_=format_))
    assert file.path == name
    assert (link.target, link.uid) == (target, 3_000_000)


def test_old_headers_are_read():
    """A header of the seventh edition, without magic, is a file."""
    data = bytearray(tar((member("old"), b"x"), format_=tarfile.USTAR_FORMAT))
    data[156:512] = bytes(356)
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    assert [entry.path for entry in read(bytes(data))] == ["old"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("./", ""), ("./a/b/", "a/b"), ("/etc//passwd", "etc/passwd"), ("a/./b", "a/b"), ("a..b/..c", "a..b/..c")],
)
def test_names_are_normalised(name, path):
    """Every spelling of a name is one path, relative to the root."""
    assert read(tar((member(name), b"")))[0].path == path


@pytest.mark.parametrize("name", ["../a", "a/../../b", "a/..", ".wh..", ".wh...", "d/.wh."])
def test_names_that_climb_are_refused(name):
    """Neither an entry nor a whiteout may leave its directory upwards."""
    with pytest.raises(LayoutError, match="unsafe path|names nothing"):
        read(tar((member(name), b"")))


def test_whiteouts_are_read():
    """Marked names delete; what else aufs keeps for itself is passed over."""
    names = [".wh.gone", "d/.wh.x", "d/.wh..wh..opq", ".wh..wh..opq", ".wh..wh.plnk"]
    assert [entry[:2] for entry in read(tar(*((member(name), b"") for name in names)))] == [
        ("gone", Kind.WHITEOUT),
        ("d/x", Kind.WHITEOUT),
        ("d", Kind.OPAQUE),
        ("", Kind.OPAQUE),
    ]


def test_hard_links_share_group_and_content(tmp_path):
    """All names of a file have the attributes, content and group of the first."""
    link = member("b", tarfile.LNKTYPE, linkname="./a", mode=0)
    data = tar((member("a", mode=0o600), b"data"), (link, b""), (member("c"), b""))
    first, second, other = read(data, spool=tmp_path / "spool")
    assert second == first._replace(path="b")
    assert other.link_group != first.link_group
    with second.content.open() as stream:
        assert stream.read() == b"data"


def test_a_name_given_twice_is_two_files():
    """A link to a name means the file that had it then."""
    data = tar((member("a"), b"1"), (member("b", tarfile.LNKTYPE, linkname="a"), b""), (member("a"), b"22"))
    first, link, second = read(data)
    assert first.link_group == link.link_group != second.link_group


def test_a_hard_link_to_another_layer_keeps_its_target():
    """Where the file is in a lower layer, the entry is a file that names it."""
    (link,) = read(tar((member("b", tarfile.LNKTYPE, linkname="./x/a"), b"")))
    assert (link.kind, link.target, link.link_group) == (Kind.FILE, "x/a", None)


def test_attributes_and_devices_are_read():
    """Extended attributes of any bytes, fractions of seconds and device numbers are understood."""
    file = member("f", mtime=-1.5, pax_headers={"SCHILY.xattr.user.x": "\udcff\0=", "mtime": "-1.5"})
    device = member("d", tarfile.CHRTYPE, devmajor=1, devminor=3)
    one, two = read(tar((file, b""), (device, b"")))
    assert dict(one.xattrs) == {"user.x": b"\xff\0="}
    assert one.mtime == -2
    assert (two.kind, two.device) == (Kind.CHARACTER_DEVICE, (1, 3))


@pytest.mark.parametrize("type_", [tarfile.GNUTYPE_SPARSE, b"V", b"M"])
def test_what_is_no_file_system_entry_is_refused(type_):
    """Sparse files and archive labels would be extracted wrongly, so they are an error."""
    with pytest.raises(LayoutError, match="tar type|not a tar"):
        read(tar((member("s", type_), b"")))


def test_pax_sparse_files_are_refused():
    """The newer form of sparse files hides in PAX records."""
    header = member("s", pax_headers={"GNU.sparse.size": "100", "GNU.sparse.numblocks": "0", "GNU.sparse.map": "0,0"})
    with pytest.raises(LayoutError, match="tar type"):
        read(tar((header, b"")))


@pytest.mark.parametrize("field", [b"\xff" * 12, b"\xff" * 11 + b"\x00", b"\x80" + b"\xff" * 11])
def test_sizes_that_lead_backwards_are_refused(field):
    """A header whose size is negative or beyond all disks neither hangs nor reads anything twice."""
    data = bytearray(PLAIN)
    data[512 + 124 : 512 + 136] = field
    data[512 + 148 : 512 + 156] = b" " * 8
    data[512 + 148 : 512 + 156] = b"%06o\0 " % sum(data[512:1024])
    with pytest.raises(LayoutError):
        read(bytes(data))


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 3_000_000])
def test_the_spool_holds_every_content(tmp_path, size):
    """With a spool file each content can be opened, several at once and as often as needed."""
    data = bytes(index % 253 for index in range(size))
    entries = [Entry(name, Kind.FILE, size=size, content=BytesContent(data)) for name in ("a", "b")]
    plain = b"".join(tar_stream(entries))
    got = read(gzip.compress(plain, 1), mediatype.LAYER_GZIP, tmp_path / "spool")
    assert (tmp_path / "spool").read_bytes() == plain
    with got[0].content.open() as one, got[1].content.open() as two:
        assert one.read(5) == data[:5]
        assert two.read() == data
        assert one.read() == data[5:]
    buffer = bytearray(size + 10)
    with got[1].content.open() as stream:
        assert stream.readinto(buffer) == size
    assert bytes(buffer[:size]) == data


def test_without_a_spool_there_is_no_content():
    """Contents are not kept when nobody asked."""
    assert [entry.content for entry in read(PLAIN)] == [None, None]


def test_the_stream_is_read_to_its_end():
    """What follows the end of the archive belongs to the blob, and is read for whoever hashes it."""
    stream = io.BytesIO(PLAIN + bytes(3 << 20))
    list(read_layer(stream, mediatype.LAYER))
    assert stream.read() == b""
