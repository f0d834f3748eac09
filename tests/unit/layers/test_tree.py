"""Layers applied one after the other, without a file unpacked."""

from __future__ import annotations

import time

import pytest

from tagboat.errors import DockerfileError, LayoutError
from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.tree import Tree


def file(path: str, data: bytes = b"", **attributes: object) -> Entry:
    return Entry(path, Kind.FILE, 0o644, size=len(data), content=BytesContent(data))._replace(**attributes)


def folder(path: str, mode: int = 0o700) -> Entry:
    return Entry(path, Kind.DIRECTORY, mode)


def link(path: str, target: str) -> Entry:
    return Entry(path, Kind.SYMLINK, 0o777, target=target)


def whiteout(path: str) -> Entry:
    return Entry(path, Kind.WHITEOUT)


def opaque(path: str) -> Entry:
    return Entry(path, Kind.OPAQUE)


def tree(*layers: list[Entry]) -> Tree:
    made = Tree()
    for layer in layers:
        made.apply(layer)
    return made


def paths(made: Tree, path: str = "") -> list[str]:
    return [entry.path for entry in made.walk(path)]


def test_an_empty_tree_holds_its_root():
    """There is always a root, a directory of mode 0755."""
    made = Tree()
    assert "" in made
    assert made.is_directory("")
    assert made.get("").mode == 0o755
    assert paths(made) == [""]


def test_missing_parents_are_implied():
    """A path whose parents no layer gave lies in directories of mode 0755."""
    made = tree([file("a/b/c")])
    assert paths(made) == ["", "a", "a/b", "a/b/c"]
    assert made.get("a/b") == Entry("a/b", Kind.DIRECTORY, 0o755)


def test_a_given_parent_keeps_its_attributes():
    """The attributes of a directory are those that some layer gave, whichever order the entries had."""
    assert tree([file("a/b"), folder("a", 0o711)]).get("a").mode == 0o711
    assert tree([folder("a", 0o711)], [file("a/b")]).get("a").mode == 0o711


def test_the_walk_is_lexical_and_parents_come_first():
    """Children follow their directory at once, in the order of their names."""
    made = tree([file("b"), file("a/z"), file("a/y/x"), file("a-"), file("a.b")])
    assert paths(made) == ["", "a", "a/y", "a/y/x", "a/z", "a-", "a.b", "b"]
    assert paths(made, "a/y") == ["a/y", "a/y/x"]
    assert paths(made, "nowhere") == []


def test_children_are_sorted_names():
    """The children of a directory are names without their path; others have none."""
    made = tree([file("d/b"), file("d/a"), file("f")])
    assert made.children("d") == ["a", "b"]
    assert made.children("") == ["d", "f"]
    assert made.children("f") == made.children("nowhere") == []


def test_a_whiteout_takes_everything_below():
    """A deleted directory is gone with all that was in it."""
    made = tree([file("d/e/f"), file("g")], [whiteout("d")])
    assert paths(made) == ["", "g"]


def test_whiteouts_touch_only_lower_layers():
    """What the same layer adds stays, wherever in it the whiteout stands (image-spec layer.md)."""
    made = tree([file("d/old"), file("f", b"old")], [file("d/new"), file("f", b"new"), opaque("d"), whiteout("f")])
    assert paths(made) == ["", "d", "d/new", "f"]
    assert made.get("f").content == BytesContent(b"new")


def test_an_opaque_directory_keeps_itself():
    """Opaque empties a directory and leaves it there; that of the root empties all."""
    assert paths(tree([file("d/e/f")], [opaque("d")])) == ["", "d"]
    assert paths(tree([file("d/e/f")], [opaque("")])) == [""]


def test_a_whiteout_of_nothing_is_harmless():
    """Deleting what is not there changes nothing."""
    assert paths(tree([file("a")], [whiteout("b"), whiteout("c/d"), opaque("e")])) == ["", "a"]


def test_a_directory_over_a_directory_keeps_the_children():
    """A directory given again only changes its attributes."""
    made = tree([file("d/f")], [folder("d", 0o500)])
    assert made.get("d").mode == 0o500
    assert "d/f" in made


@pytest.mark.parametrize("new", [file("d"), link("d", "x"), Entry("d", Kind.FIFO)])
def test_anything_else_over_a_directory_drops_what_was_below(new):
    """A file in place of a directory leaves none of its children."""
    made = tree([file("d/e/f")], [new])
    assert paths(made) == ["", "d"]
    assert not made.is_directory("d")


def test_a_directory_over_a_file_replaces_it():
    """A directory in place of a file can have children."""
    assert paths(tree([file("d")], [folder("d"), file("d/f")])) == ["", "d", "d/f"]


def test_the_root_takes_attributes_and_stays_a_directory():
    """A layer may give the root's mode, but nothing else can be the root."""
    assert tree([folder("", 0o555)]).get("").mode == 0o555
    with pytest.raises(LayoutError, match="the root a file"):
        tree([file("")])


def test_a_path_through_a_symlink_goes_where_it_leads():
    """Extractors follow a symlink on the way to an entry, as on systems with a merged /usr."""
    made = tree([folder("usr/lib"), link("lib", "usr/lib")], [file("lib/x/y")])
    assert "usr/lib/x/y" in made
    assert made.get("lib").kind is Kind.SYMLINK
    assert made.get("usr/lib/x/y").path == "usr/lib/x/y"


def test_a_path_below_a_file_is_refused():
    """Nothing can lie below a file."""
    with pytest.raises(LayoutError, match="a/b/c below a/b, which is a file"):
        tree([file("a/b")], [file("a/b/c/d")])


def test_a_copy_lives_apart():
    """Changes of a copy do not show in the original, nor the other way."""
    one = tree([file("d/f")])
    two = one.copy()
    two.apply([whiteout("d/f"), file("d/g")])
    one.apply([file("h")])
    assert paths(one) == ["", "d", "d/f", "h"]
    assert paths(two) == ["", "d", "d/g"]


def test_hard_links_stay_together_and_layers_apart():
    """Names of one file have one group; equal groups of two layers are two files."""
    one = [file("a", link_group=1), file("b", link_group=1)]
    made = tree(one, [entry._replace(path=entry.path + "2") for entry in one])
    groups = [made.get(path).link_group for path in ("a", "b", "a2", "b2")]
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert groups[0] is not None


def test_a_file_with_one_name_has_no_group():
    """A group of one is no group."""
    assert tree([file("a", link_group=1)]).get("a").link_group is None


def test_a_hard_link_to_a_lower_layer_shares_its_file():
    """Such a link has the attributes and content of the file below, and both names become a group."""
    made = tree([file("a", b"data", mode=0o600)], [Entry("d/b", Kind.FILE, target="a")])
    assert made.get("d/b") == made.get("a")._replace(path="d/b")
    assert made.get("a").link_group is not None


def test_a_hard_link_to_nothing_is_refused():
    """A link whose file no layer holds cannot be made."""
    with pytest.raises(LayoutError, match=r"hard link b to a\b"):
        tree([Entry("b", Kind.FILE, target="a")])


LINKS = [
    folder("dir/sub"),
    file("dir/file"),
    link("abs", "/dir"),
    link("rel", "dir/sub"),
    link("dir/up", "../rel"),
    link("out", "../../../dir"),
    link("chain", "abs/up/.."),
    link("gone", "nowhere/x"),
    link("loop", "loop2"),
    link("loop2", "loop"),
]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ""),
        ("/", ""),
        ("/dir//sub/.", "dir/sub"),
        ("../../dir", "dir"),
        ("abs", "dir"),
        ("abs/file", "dir/file"),
        ("rel", "dir/sub"),
        ("dir/up", "dir/sub"),
        ("dir/up/../file", "dir/file"),
        ("out/file", "dir/file"),
        ("chain", "dir"),
        ("gone", "nowhere/x"),
        ("gone/y", "nowhere/x/y"),
        ("missing/../dir", "dir"),
        ("missing/tail", "missing/tail"),
        ("dir/file/below", "dir/file/below"),
    ],
)
def test_symlinks_are_followed_inside_the_root(path, expected):
    """A path resolves as in a chroot: nothing leads out, what is missing stays as written."""
    assert tree(LINKS).resolve(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"), [("rel", "rel"), ("abs/up", "dir/up"), ("rel/", "rel"), ("loop", "loop")]
)
def test_the_last_symlink_can_be_kept(path, expected):
    """Without `follow_last` only the links on the way are followed."""
    assert tree(LINKS).resolve(path, follow_last=False) == expected


def test_a_loop_of_symlinks_is_an_error():
    """A loop names the path and does not hang."""
    with pytest.raises(DockerfileError, match="loop/x leads through too many symbolic links"):
        tree(LINKS).resolve("loop/x")


def test_a_hundred_thousand_entries_are_quick():
    """Applying, copying and walking a large tree takes well under a second each."""
    entries = [file(f"usr/lib/d{n // 50}/f{n}") for n in range(100_000)]
    start = time.process_time()
    made = tree(entries)
    assert len(made.copy()) == 100_000 + 2_000 + 3
    assert sum(1 for _ in made.walk()) == 102_003
    assert time.process_time() - start < 3
