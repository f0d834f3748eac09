"""The tar of a layer, judged by the standard library."""

from __future__ import annotations

import io
import tarfile

import pytest

from tagboat.errors import DockerfileError
from tagboat.layers.changes import BytesContent, Entry, FileContent, Kind
from tagboat.layers.tarball import tar_stream


def read(entries: list[Entry]) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(tar_stream(entries))), mode="r:") as archive:
        return archive.getmembers()


def file(path: str, data: bytes = b"", **attributes: object) -> Entry:
    return Entry(path, Kind.FILE, 0o644, size=len(data), content=BytesContent(data))._replace(**attributes)


KINDS = [
    (Kind.FILE, tarfile.REGTYPE, "x"),
    (Kind.DIRECTORY, tarfile.DIRTYPE, "x"),
    (Kind.SYMLINK, tarfile.SYMTYPE, "x"),
    (Kind.CHARACTER_DEVICE, tarfile.CHRTYPE, "x"),
    (Kind.BLOCK_DEVICE, tarfile.BLKTYPE, "x"),
    (Kind.FIFO, tarfile.FIFOTYPE, "x"),
    (Kind.WHITEOUT, tarfile.REGTYPE, ".wh.x"),
    (Kind.OPAQUE, tarfile.REGTYPE, "x/.wh..wh..opq"),
]


@pytest.mark.parametrize(("kind", "type_", "name"), KINDS)
def test_each_kind_has_its_tar_type_and_name(kind, type_, name):
    """Every kind of entry is the tar type of the same meaning; deletions are empty files with marked names."""
    (member,) = read([Entry("x", kind)])
    assert (member.type, member.name, member.size) == (type_, name, 0)


def test_attributes_are_those_of_the_entry():
    """Mode, owner, time, content and device numbers are written; names of people are not."""
    entries = [
        file("f", b"hello", mode=0o4755, uid=7, gid=8, mtime=1_700_000_000),
        Entry("d", Kind.BLOCK_DEVICE, device=(259, 70_000)),
    ]
    tar = b"".join(tar_stream(entries))
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        plain, device = archive.getmembers()
        assert archive.extractfile(plain).read() == b"hello"
    assert (plain.mode, plain.uid, plain.gid, plain.mtime) == (0o4755, 7, 8, 1_700_000_000)
    assert (plain.uname, plain.gname) == ("", "")
    assert (device.devmajor, device.devminor) == (259, 70_000)


def test_the_root_is_written_only_when_given():
    """The entry with the empty path is `./`; nothing is invented when there is none."""
    assert b"".join(tar_stream([])) == bytes(1024)
    assert b"".join(tar_stream([Entry("", Kind.DIRECTORY, 0o755)])).startswith(b"./\0")
    assert b"".join(tar_stream([Entry("", Kind.OPAQUE)])).startswith(b".wh..wh..opq\0")


def test_a_directory_ends_in_a_slash():
    """Directory names end in a slash, as every extractor expects."""
    assert b"".join(tar_stream([Entry("a/b", Kind.DIRECTORY)])).startswith(b"a/b/\0")


@pytest.mark.parametrize(
    "path",
    [
        "a" * 100,
        "a" * 101,
        "d" * 155 + "/" + "a" * 100,
        "d" * 156 + "/" + "a" * 100,
        "d/" * 200 + "f",
        "é" * 60,
        "\udcff",
    ],
)
@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY])
def test_any_path_comes_back(path, kind):
    """Paths of any length and any bytes are kept, in ustar's fields or a PAX record."""
    (member,) = read([Entry(path, kind)])
    assert member.name == path


def test_a_long_ascii_path_needs_no_pax_record():
    """Prefix and name of ustar are used before PAX records are: they cost nothing."""
    assert len(b"".join(tar_stream([Entry("d" * 100 + "/" + "a" * 100, Kind.FILE)]))) == 512 + 1024


@pytest.mark.parametrize("target", ["a" * 100, "a" * 101, "ü", "\udcfe", "../x//y/"])
def test_any_link_target_comes_back(target):
    """Symlink targets are kept as they are."""
    (member,) = read([Entry("l", Kind.SYMLINK, target=target)])
    assert member.linkname == target


@pytest.mark.parametrize("number", [0o7777777, 0o10000000, 2**32 - 2])
def test_large_ids_come_back(number):
    """User and group numbers beyond ustar's seven digits are PAX records."""
    (member,) = read([Entry("f", Kind.FILE, uid=number, gid=number - 1)])
    assert (member.uid, member.gid) == (number, number - 1)


@pytest.mark.parametrize("mtime", [-1, 0, 0o77777777777, 0o77777777777 + 1])
def test_any_time_comes_back(mtime):
    """Times before 1970 and after 2242 are PAX records."""
    (member,) = read([Entry("f", Kind.FILE, mtime=mtime)])
    assert member.mtime == mtime


def test_a_size_beyond_ustar_is_a_pax_record():
    """A file of 8 GiB has a size that ustar's eleven digits cannot hold."""
    stream = tar_stream([Entry("f", Kind.FILE, size=1 << 33, content=BytesContent(bytes(1 << 20)))])
    head = bytes(next(stream))
    assert b"size=8589934592\n" in head
    assert head[1024 + 124 : 1024 + 136] == b"00000000000\0"


def test_extended_attributes_are_pax_records_in_order():
    """Attributes of any bytes are SCHILY.xattr records, sorted, whatever order they came in."""
    values = {"user.b": b"\xff\x00=\n", "security.capability": b"\x01\x00"}
    (member,) = read([Entry("f", Kind.FILE, xattrs=values)])
    kept = {key: value.encode("utf-8", "surrogateescape") for key, value in member.pax_headers.items()}
    assert kept == {"SCHILY.xattr." + key: value for key, value in values.items()}
    again = dict(reversed(values.items()))
    one, two = (b"".join(tar_stream([Entry("f", Kind.FILE, xattrs=xattrs)])) for xattrs in (values, again))
    assert one == two


def test_an_attribute_name_that_pax_cannot_hold_is_refused():
    """A name with an equals sign would be read as another name."""
    with pytest.raises(DockerfileError, match="user.a=b"):
        b"".join(tar_stream([Entry("f", Kind.FILE, xattrs={"user.a=b": b""})]))


def test_the_second_name_of_a_file_is_a_hard_link_to_the_first():
    """Of a link group the first entry holds the content, the others link to it, whether it is empty or not."""
    entries = [file("a", b"x", link_group=1), file("e", link_group=2), file("b", b"x", link_group=1)]
    members = read([*entries, file("f", link_group=2)])
    assert [(m.name, m.type, m.linkname) for m in members[2:]] == [
        ("b", tarfile.LNKTYPE, "a"),
        ("f", tarfile.LNKTYPE, "e"),
    ]


def test_a_link_to_a_lower_layer_stays_a_link():
    """A file entry with a target is a hard link to a file that another layer holds."""
    (member,) = read([Entry("b", Kind.FILE, target="lib/a")])
    assert (member.type, member.linkname) == (tarfile.LNKTYPE, "lib/a")


@pytest.mark.parametrize("said", [0, 1, 511, 512, (1 << 20) - 1, (1 << 20) + 1])
@pytest.mark.parametrize("off", [-1, 1])
def test_a_file_that_changed_is_an_error(tmp_path, said, off):
    """A file that is shorter or longer than its entry says stops the layer and is named."""
    path = tmp_path / "f"
    path.write_bytes(bytes(said + 1 + off))
    with pytest.raises(DockerfileError, match="dir/f changed while it was read"):
        b"".join(tar_stream([Entry("dir/f", Kind.FILE, size=said + 1, content=FileContent(str(path)))]))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """A file that vanished is an error of the build, with its path in the image."""
    with pytest.raises(DockerfileError, match="dir/f cannot be read: No such file"):
        b"".join(tar_stream([Entry("dir/f", Kind.FILE, size=1, content=FileContent(str(tmp_path / "no")))]))


def test_blocks_are_of_one_mebibyte():
    """The stream comes in blocks of 1 MiB, small files gathered and large ones cut."""
    entries = [file(f"small{n}", b"s" * 700) for n in range(3000)] + [file("large", b"l" * 3_000_000)]
    sizes = [len(block) for block in tar_stream(entries)]
    assert set(sizes[:-1]) == {1 << 20}
    assert sum(sizes) == 3000 * (512 + 1024) + 512 + 3_000_320 + 1024
