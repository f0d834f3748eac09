"""A folder on disk as a tree of files."""

from __future__ import annotations

import os

import pytest

from fakes.building import Symlink, write_tree
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.errors import DockerfileError, MachineError
from tagboat.layers.changes import Kind
from tagboat.sources import DirectoryTree

FILES = {"a": "1", "d/b": "2", "d/e/c": "3", "l": Symlink("d"), "up": Symlink("../../.."), "abs": Symlink("/d/e")}


@pytest.fixture
def top(tmp_path):
    """Return a folder with files and links."""
    return write_tree(tmp_path / "top", FILES)


def tree(top, *patterns: str, **options) -> DirectoryTree:
    """Return the tree of a folder."""
    return DirectoryTree(str(top), IgnoreRules.of(patterns) if patterns else None, **options)


def test_a_walk_is_in_the_order_of_names_as_bytes(top):
    """Parents come first, names are sorted by their bytes, also those that are not UTF-8."""
    names = ["d", "d-", "d.", "é", os.fsdecode(b"\xff"), "z"]
    write_tree(top / "n", dict.fromkeys(names, ""))
    assert [entry.path for entry in tree(top).walk("n")] == [
        "n",
        *(f"n/{name}" for name in sorted(names, key=os.fsencode)),
    ]
    assert [entry.path for entry in tree(top).walk("d")] == ["d", "d/b", "d/e", "d/e/c"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("l/b", "d/b"),
        ("l/none/x", "d/none/x"),
        ("up/d", "d"),
        ("abs/c", "d/e/c"),
        ("d/../l/./e", "d/e"),
        ("../../a", "a"),
        ("/a", "a"),
        ("", ""),
        ("a/below", "a/below"),
    ],
)
def test_links_are_followed_as_by_chroot(top, path, place):
    """A path leads where it would if the folder were the root of the file system."""
    assert tree(top).resolve(path) == place


def test_the_last_link_is_kept_when_asked(top):
    """With `follow_last` false the link itself is meant."""
    assert tree(top).resolve("l", follow_last=False) == "l"
    assert tree(top).resolve("l/e", follow_last=False) == "d/e"


def test_a_circle_of_links_is_an_error(top):
    """Links that lead to each other are told, not followed for ever."""
    write_tree(top, {"x": Symlink("y"), "y": Symlink("x")})
    with pytest.raises(DockerfileError, match="circle"):
        tree(top).resolve("x/f")


@pytest.mark.parametrize("path", ["l/b", "up/etc", "up", "none", "a/b", "d/none"])
def test_nothing_is_seen_through_a_link(top, path):
    """A path over a link is nothing, its folder has no names: only `resolve` follows links."""
    entry = tree(top).get(path)
    assert entry is None or entry.kind is Kind.SYMLINK
    assert tree(top).children(path) == []
    assert len(list(tree(top).walk(path))) <= 1


def test_entries_belong_to_nobody_in_particular(top):
    """Owner and group are 0 whoever has the files on disk."""
    assert {(entry.uid, entry.gid) for entry in tree(top).walk("")} == {(0, 0)}


def test_what_is_ignored_is_not_there(top):
    """Ignored paths are absent in every view, and folders show for what is taken back in them."""
    hidden = tree(top, "d", "!d/e", "l")
    assert [entry.path for entry in hidden.walk("")] == ["", "a", "abs", "d", "d/e", "d/e/c", "up"]
    assert hidden.children("") == ["a", "abs", "d", "up"]
    assert (hidden.children("d"), hidden.get("d/b"), hidden.get("l")) == (["e"], None, None)
    assert tree(top, "d").get("d") is None


@pytest.mark.parametrize(
    ("mode", "recorded", "result"),
    [
        (0o600, 0o644, 0o644),
        (0o664, 0o644, 0o644),
        (0o700, 0o755, 0o755),
        (0o770, 0o755, 0o755),
        (0o644, 0o755, 0o644),
        (0o755, 0o644, 0o755),
        (0o700, 0o644, 0o700),
        (0o400, 0o644, 0o400),
        (0o4700, 0o755, 0o4700),
        (0o600, None, 0o600),
    ],
)
def test_what_a_umask_did_is_undone(top, mode, recorded, result):
    """A mode that differs from the recorded one only in what a umask takes is the recorded one."""
    (top / "a").chmod(mode)
    assert tree(top, recorded_mode=lambda _path: recorded).get("a").mode == result


def test_version_control_is_not_asked_about_usual_modes(top):
    """A tree of 0644 and 0755 asks nobody."""

    def nobody(path: str) -> int:
        raise AssertionError(path)

    assert len(list(tree(top, recorded_mode=nobody).walk(""))) == 9


def test_hard_links_share_a_group(top):
    """Names of one file have one group, others none."""
    os.link(top / "a", top / "a2")
    groups = {entry.path: entry.link_group for entry in tree(top).walk("")}
    assert groups["a"] == groups["a2"] != None  # noqa: E711 - one comparison of three
    assert groups["d/b"] is None


def test_contents_are_read_when_they_are_opened(top):
    """An entry's content is that of the file, opened as often as needed."""
    entry = tree(top).get("d/b")
    for _ in range(2):
        with entry.content.open() as stream:
            assert stream.read() == b"2"
    assert (entry.size, entry.kind) == (1, Kind.FILE)


def test_times_are_whole_seconds(top):
    """A layer's times are in seconds."""
    os.utime(top / "a", (7, 7.9))
    assert tree(top).get("a").mtime == 7


def test_what_is_left_out_is_absent(top):
    """The build's own output counts as absent, with all below it, however it is asked for."""
    rest = tree(top, left_out=["d/e"])
    assert [entry.path for entry in rest.walk("d")] == ["d", "d/b"]
    assert rest.children("d") == ["b"]
    assert rest.get("d/e") is rest.get("d/e/c") is None


def test_a_name_too_long_for_the_disk_is_told(top):
    """What the file system refuses to look up is an error that names it."""
    with pytest.raises(MachineError, match="x{10}"):
        tree(top).get("x" * 5000)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    """A tree of a missing folder is empty when asked for a path."""
    assert tree(tmp_path / "none").get("a") is None
