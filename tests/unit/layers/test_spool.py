"""Contents in a file of our own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagboat.errors import MachineError
from tagboat.layers.changes import BytesContent, Entry, FileContent, Kind
from tagboat.layers.spool import spool
from tagboat.layers.streams import SliceContent


def file(path: str, data: bytes, **more) -> Entry:
    return Entry(path, Kind.FILE, 0o644, size=len(data), content=BytesContent(data), **more)


def read(entry: Entry) -> bytes:
    with entry.content.open() as stream:
        return b"".join(iter(lambda: stream.read(1 << 16), b""))


def test_contents_lie_back_to_back(tmp_path):
    """Every file's content is a part of the one file, one content for all names of a file; the rest stays as it is."""
    entries = [
        Entry("d", Kind.DIRECTORY),
        file("a", b"one", link_group=1),
        file("b", b"", uid=7),
        file("c", b"three"),
        file("d/a", b"one", link_group=1),
        Entry("e", Kind.FILE, target="below"),
        Entry("f", Kind.WHITEOUT),
    ]
    spooled = spool(entries, tmp_path / "spool")
    assert (tmp_path / "spool").read_bytes() == b"onethree"
    assert [entry._replace(content=None) for entry in spooled] == [entry._replace(content=None) for entry in entries]
    assert [read(entry) for entry in spooled if entry.content] == [b"one", b"", b"three", b"one"]
    assert spooled[1].content == spooled[4].content


@pytest.mark.parametrize("size", [1, 64 << 10, (64 << 10) + 1, 3 << 20])
def test_any_source_is_copied(tmp_path, size):
    """Files, parts of files and streams, small and large, are copied as far as their size says."""
    data = os.urandom(size)
    whole = tmp_path / "whole"
    whole.write_bytes(b"before" + data + b"after")
    (tmp_path / "file").write_bytes(data + b"grown")
    contents = [SliceContent(whole, 6, size), FileContent(str(tmp_path / "file")), BytesContent(data + b"more")]
    entries = [Entry(str(index), Kind.FILE, size=size, content=content) for index, content in enumerate(contents)]
    assert [read(entry) for entry in spool(entries, tmp_path / "spool")] == [data] * 3


@pytest.mark.parametrize("size", [10, 1 << 20])
@pytest.mark.parametrize("kind", ["file", "part", "stream"])
def test_a_content_that_is_too_short_is_refused(tmp_path, size, kind):
    """A file that shrank is told by its path, whatever it is read from."""
    (tmp_path / "short").write_bytes(bytes(size - 1))
    contents = {
        "file": FileContent(str(tmp_path / "short")),
        "part": SliceContent(tmp_path / "short", 0, size),
        "stream": BytesContent(bytes(size - 1)),
    }
    with pytest.raises(MachineError, match="/a is shorter"):
        spool([Entry("a", Kind.FILE, size=size, content=contents[kind])], tmp_path / "spool")


def test_a_content_that_is_missing_is_named(tmp_path):
    """A source that is gone is told by the path that it is for."""
    with pytest.raises(MachineError, match="/a cannot be read"):
        spool([Entry("a", Kind.FILE, size=1, content=FileContent(str(tmp_path / "gone")))], tmp_path / "spool")


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="there is no /dev/full")
def test_a_full_disk_says_so(tmp_path):
    """When nothing more can be written, the error says that the disk is full and how to get room."""
    with pytest.raises(MachineError, match="the disk is full") as caught:
        spool([file("a", b"data")], Path("/dev/full"))
    assert "work-dir" in caught.value.hint
