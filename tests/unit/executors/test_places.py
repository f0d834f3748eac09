"""Where mounts go in a root file system, and what is made for them."""

from __future__ import annotations

import pytest

from fakes.building import file, folder, symlink
from tagboat.errors import DockerfileError
from tagboat.executors.command import Bind, Given, Memory
from tagboat.executors.places import missing_places, placed, with_known_parents, without_places
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tree import Tree

USUAL = ["dev", "proc", "sys"]


def tree(*entries):
    """Return a tree."""
    made = Tree()
    made.apply(entries)
    return made


def test_targets_are_resolved_and_sorted():
    """A target is where the links of the tree lead, and outer mounts come before inner ones."""
    base = tree(folder("a"), symlink("b", "/a"), symlink("a/up", "../../.."))
    mounts = [Memory(target="/b/x/y"), Memory(target="/a/up/z"), Memory(target="/b/x")]
    assert [mounted.target for mounted in placed(mounts, base)] == ["a/x", "a/x/y", "z"]


def test_mounts_at_one_place_keep_their_order():
    """Of two mounts at one place the later one is on top, as it was asked for."""
    first, second = Given(target="/f", data=b"1"), Given(target="f", data=b"2")
    assert [mounted.data for mounted in placed([first, second], tree())] == [b"1", b"2"]


@pytest.mark.parametrize(
    ("mounted", "reason"),
    [
        (Given(target="/a", data=b""), "a directory, and what would be mounted is a file"),
        (Memory(target="/f"), "a file, and what would be mounted is a folder"),
        (Memory(target="/f/x/y"), "/f is no folder"),
        (Memory(target="/a/.."), "it is the root"),
    ],
)
def test_a_target_of_another_kind_is_refused(mounted, reason):
    """Where nothing of its kind can be, that is said with the target as it was asked for."""
    with pytest.raises(DockerfileError, match=reason) as caught:
        placed([mounted], tree(folder("a"), file("f")))
    assert f"at {mounted.target}:" in caught.value.problem


def test_what_is_missing_is_told_with_its_parents(tmp_path):
    """Folders for folders, empty files for files, and the three that every command gets."""
    (tmp_path / "file").touch()
    mounts = placed(
        [
            Memory(target="/a/b/c"),
            Given(target="/etc/key", data=b"k"),
            Bind(source=str(tmp_path), target="/d"),
            Bind(source=str(tmp_path / "file"), target="/g"),
        ],
        tree(folder("a")),
    )
    places = {entry.path: entry.kind for entry in missing_places(mounts, tree(folder("a")))}
    assert sorted(places) == sorted([*USUAL, "a/b", "a/b/c", "d", "etc", "etc/key", "g"])
    assert {path for path, kind in places.items() if kind is Kind.FILE} == {"etc/key", "g"}
    assert list(places) == sorted(places)


def test_what_is_there_is_not_missing():
    """Nothing is made for what the tree has."""
    base = tree(*map(folder, USUAL), folder("a"))
    assert missing_places(placed([Memory(target="/a")], base), base) == []


def test_parents_are_taken_along_as_they_are():
    """Folders of the tree that places lie in keep their mode, owner, time and attributes."""
    parent = Entry("a", Kind.DIRECTORY, 0o700, 1, 2, 3, xattrs={"user.x": b"1"})
    base = tree(parent, *map(folder, USUAL))
    places = missing_places(placed([Memory(target="/a/b/c")], base), base)
    assert [entry.path for entry in with_known_parents(places, base)] == ["a", "a/b", "a/b/c"]
    assert with_known_parents(places, base)[0] == parent


def test_places_as_they_were_made_are_no_change():
    """A place that has what it was made with, whatever its time, is left out of what was found."""
    places = [folder("etc"), file("etc/key")]
    assert without_places([folder("")._replace(mtime=5), folder("etc")._replace(mtime=5), file("etc/key")], places) == [
        folder("")._replace(mtime=5)
    ]


@pytest.mark.parametrize("change", [folder("etc", 0o700), folder("etc", uid=5), file("etc")])
def test_a_place_that_was_changed_is_a_change(change):
    """Mode, owner or kind of a place are the command's once it changes them."""
    assert without_places([change], [folder("etc")]) == [change]


def test_a_place_that_holds_something_new_is_a_change():
    """A folder that was made for a mount stays when the command put something beside that."""
    found = [folder("etc")._replace(mtime=5), file("etc/key"), file("etc/new")]
    assert without_places(found, [folder("etc"), file("etc/key")]) == [found[0], found[2]]


def test_a_place_that_was_written_to_is_a_change():
    """A file that has content now is no longer the empty one that was made."""
    assert without_places([file("key", "text")], [file("key")]) == [file("key", "text")]
