"""Archives as ADD takes them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from tagboat.errors import LayoutError
from tagboat.layers.archive import archive_entries
from tagboat.layers.changes import BytesContent, Kind
from tagboat.layers.compress import zstd_library

COMPRESSORS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstd_library().compress(data),
}


def tar(*names: str, link: str = "") -> bytes:
    """Return a tar of files that hold their own names; `link` adds a hard link to the first."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.uid, member.mode = len(name), 7, 0o640
            archive.addfile(member, io.BytesIO(name.encode()))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.LNKTYPE, names[0]
            archive.addfile(member)
    return buffer.getvalue()


@pytest.mark.parametrize("compress", COMPRESSORS.values(), ids=COMPRESSORS)
def test_an_archive_is_known_by_its_content(tmp_path, compress):
    """A tar is one in every compression, its files can be opened, owners and modes are the archive's."""
    entries = archive_entries(BytesContent(compress(tar("a", "d/b", link="h"))), tmp_path / "spool")
    assert entries is not None
    assert [(entry.path, entry.kind, entry.uid, entry.mode) for entry in entries[:2]] == [
        ("a", Kind.FILE, 7, 0o640),
        ("d/b", Kind.FILE, 7, 0o640),
    ]
    assert entries[0].link_group == entries[2].link_group
    with entries[1].content.open() as stream:
        assert stream.read() == b"d/b"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"x" * 600,
        bytes(10240),
        gzip.compress(b"no tar at all"),
        gzip.compress(b"x" * 1000)[:20],
        b"BZh9broken",
        b"\xfd7zXZ\x00broken",
        b"\x28\xb5\x2f\xfdbroken",
    ],
    ids=range(9),
)
def test_anything_else_is_no_archive(tmp_path, data):
    """Texts, empty tars, compressed texts and broken compressed data are files like any other."""
    assert archive_entries(BytesContent(data), tmp_path / "spool") is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tar("../out"), "unsafe"),
        (tar("d/.wh.x"), "delete"),
        (tar("a" * 90)[:600], "the archive is not a tar archive: unexpected end"),
        (gzip.compress(tar("a"))[:-4], "broken"),
    ],
    ids=["climbs", "whiteout", "cut", "cut gzip"],
)
def test_a_broken_or_harmful_archive_is_an_error(tmp_path, data, words):
    """What is a tar by its first block must be one to its end, stay below its root and delete nothing."""
    with pytest.raises(LayoutError, match=words):
        archive_entries(BytesContent(data), tmp_path / "spool")
