"""What of a scan is new."""

from __future__ import annotations

import io

import pytest

from tagboat.errors import MachineError
from tagboat.layers.changes import BytesContent, Entry, FileContent, Kind
from tagboat.layers.differences import differences
from tagboat.layers.tree import Tree


def file(path: str, data: bytes = b"data", **more) -> Entry:
    return Entry(path, Kind.FILE, 0o644, mtime=5, size=len(data), content=BytesContent(data), **more)


def folder(path: str, mode: int = 0o755) -> Entry:
    return Entry(path, Kind.DIRECTORY, mode, mtime=5)


def whiteout(path: str) -> Entry:
    return Entry(path, Kind.WHITEOUT)


def opaque(path: str) -> Entry:
    return Entry(path, Kind.OPAQUE)


def tree(*entries: Entry) -> Tree:
    made = Tree()
    made.apply(entries)
    return made


BEFORE = (
    folder("d"),
    file("d/x"),
    folder("d/e"),
    folder("empty"),
    Entry("link", Kind.SYMLINK, 0o755, target="d/x"),
    Entry("node", Kind.CHARACTER_DEVICE, 0o666, device=(1, 3)),
)


def paths(entries, before=BEFORE) -> list[str]:
    return [entry.path for entry in differences(entries, tree(*before))]


def test_what_is_equal_is_left_out():
    """What the tree says already, of every kind, is no change; the mode of a symlink means nothing."""
    again = [entry._replace(mode=0o777) if entry.kind is Kind.SYMLINK else entry for entry in BEFORE]
    assert paths(again) == []


@pytest.mark.parametrize(
    "change",
    [
        {"mode": 0o4644},
        {"uid": 1},
        {"gid": 1},
        {"mtime": 6},
        {"content": BytesContent(b"DATA")},
        {"content": BytesContent(b"longer"), "size": 6},
        {"xattrs": {"user.x": b"1"}},
        {"xattrs": {"security.capability": b"1"}},
        {"kind": Kind.FIFO, "size": 0, "content": None},
    ],
    ids="-".join,
)
def test_every_attribute_makes_a_difference(change):
    """A file that is another in one thing only is kept."""
    assert paths([file("d/x")._replace(**change)]) == ["d/x"]


def test_other_targets_and_numbers_make_a_difference():
    """A symlink that leads elsewhere and a device of another number are kept."""
    assert paths([BEFORE[4]._replace(target="d/y"), BEFORE[5]._replace(device=(1, 5))]) == ["link", "node"]


def test_attributes_of_the_machine_make_none():
    """A label that no layer carries, there or here, is no difference."""
    label = {"security.selinux": b"label"}
    assert paths([file("d/x", xattrs=label)]) == []
    assert paths([file("d/x")], [folder("d"), file("d/x", xattrs=label)]) == []


def test_a_deletion_of_nothing_is_left_out():
    """A whiteout needs something to delete, an opaque mark a directory that holds something."""
    marks = [opaque("none"), opaque("empty"), opaque("link"), opaque("d")]
    assert paths([*marks, whiteout("none"), whiteout("node")]) == ["d", "node"]


def test_what_an_emptied_directory_holds_again_is_kept():
    """Below an opaque mark everything is new, equal or not; marks there have nothing to hide."""
    assert paths([folder("d"), opaque("d"), file("d/x"), folder("d/e"), opaque("d/e"), whiteout("d/y")]) == [
        "d",
        "d/x",
        "d/e",
    ]


def test_large_contents_are_compared_to_the_end():
    """Contents of several blocks that differ in the last byte are different."""
    data = bytes(3 << 20)
    before = [file("large", data)]
    assert paths([file("large", data)], before) == []
    assert paths([file("large", data[:-1] + b"1")], before) == ["large"]


class Dribble:
    """Content that comes in small pieces of any length, as from a pipe."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self) -> io.BytesIO:
        stream = io.BytesIO(self.data)
        read = stream.read
        stream.read = lambda size: read(min(size, 70_001))
        return stream


def test_contents_are_compared_however_they_come():
    """Where the pieces of one content end does not matter; one that ends before its size is different."""
    data = bytes(3 << 20)
    before = [file("large", data)]
    assert paths([file("large", data)._replace(content=Dribble(data))], before) == []
    assert paths([file("large", data)._replace(content=Dribble(data[:-1]))], before) == ["large"]


def test_a_content_that_is_not_at_hand_is_different():
    """What cannot be compared is said again; an empty file has nothing to compare."""
    assert paths([file("d/x")], [folder("d"), file("d/x")._replace(content=None)]) == ["d/x"]
    assert paths([file("d/x", b"")], [folder("d"), file("d/x", b"")._replace(content=None)]) == []


def test_a_content_that_cannot_be_read_is_named(tmp_path):
    """A file that is gone is a fault of the machine, told by its path."""
    with pytest.raises(MachineError, match="/d/x"):
        paths([file("d/x")._replace(content=FileContent(str(tmp_path / "gone")))])


# ---------------------------------------------------------------- hard links

LINKED = (file("a", link_group=1), file("b", link_group=1), folder("d"), file("d/c", link_group=1))


def linked(*names: str, group: str = "now") -> list[Entry]:
    return [file(name, link_group=group) for name in names]


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        (linked("a", "b", "d/c"), []),
        (linked("a", "b"), ["a", "b"]),
        ([file("a")], ["a"]),
        (linked("a"), ["a"]),
        (linked("a", "b", "d/c", "new"), ["a", "b", "d/c", "new"]),
        ([*linked("a", "b"), whiteout("d/c")], ["d/c"]),
        ([*linked("a", "b"), whiteout("d")], ["d"]),
        ([*linked("a", "b"), file("d", b"other")], ["d"]),
        ([*linked("a", "b"), file("d/c", b"other")], ["d/c"]),
        ([*linked("a", "b"), folder("d"), opaque("d")], ["d"]),
        ([*linked("a", "b", "d/c"), opaque("d")], ["a", "b", "d/c", "d"]),
        ([file("a"), whiteout("b"), whiteout("d")], ["b", "d"]),
        ([file("a"), file("b"), file("d/c")], ["a", "b", "d/c"]),
        ([*linked("a"), *linked("b", "d/c", group="other")], ["a", "b", "d/c"]),
    ],
    ids=range(14),
)
def test_names_of_one_file_are_compared_as_a_whole(entries, kept):
    """Equal names are kept when the file has other names than before, those not counted that are gone or replaced."""
    assert paths(entries, LINKED) == kept


def test_names_that_were_apart_are_joined():
    """Two equal files that became one are kept."""
    assert paths(linked("a", "b"), [file("a"), file("b")]) == ["a", "b"]
