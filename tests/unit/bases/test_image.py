"""The file system of a base image."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.building import Workshop, file, folder, symlink
from tagboat.bases import Bases
from tagboat.errors import Location
from tagboat.flow.plan import ImageNeed, ImageSource
from tagboat.flow.request import Compression
from tagboat.layers.changes import Entry, Kind
from tagboat.oci.platform import Platform


@pytest.fixture
def open_base(tmp_path):
    """Return a maker of base images from layers."""
    workshop = Workshop(tmp_path)

    def make(*layers, **options):
        path = Path(workshop.base(*layers, **options).removeprefix("oci-layout://"))
        source = ImageSource(name="base", platform=Platform.parse("linux/amd64"), path=path)
        bases = Bases(lambda: None, tmp_path / "work")
        return bases.resolve(ImageNeed(source=source, location=Location(file="Dockerfile", line=1)))

    return make


def read(tree, path: str) -> bytes:
    """Return a file's content."""
    with tree.get(path).content.open() as stream:
        return stream.read()


@pytest.mark.parametrize("compression", ["gzip:1", "zstd:3"])
def test_contents_come_out_of_the_layer_that_holds_them(open_base, compression):
    """A file is read from the layer that wrote it last, whatever its compression."""
    tree = open_base(
        [folder("d"), file("d/a", "old"), file("d/b", "kept")],
        [file("d/a", "new")],
        compression=Compression.parse(compression),
    ).tree()
    assert (read(tree, "d/a"), read(tree, "d/b"), read(tree, "d/a")) == (b"new", b"kept", b"new")


def test_deletions_of_upper_layers_hold(open_base):
    """Whiteouts and opaque folders take away what lower layers hold."""
    tree = open_base(
        [folder("d"), file("d/a"), folder("o"), file("o/a")],
        [Entry("d/a", Kind.WHITEOUT), Entry("o", Kind.OPAQUE), file("o/b", "1")],
    ).tree()
    assert [entry.path for entry in tree.walk()] == ["", "d", "o", "o/b"]


def test_hard_links_share_content(open_base):
    """Both names of a file open its content, also where the second stands in a later layer."""
    first = file("a", "text")._replace(link_group=1)
    tree = open_base(
        [first, first._replace(path="b")], [Entry("c", Kind.FILE, 0o644, size=0, target="a", link_group=None)]
    ).tree()
    assert read(tree, "a") == read(tree, "b") == read(tree, "c") == b"text"


def test_files_behind_a_linked_folder_are_found(open_base):
    """A layer that writes through a link of a lower one puts its file where extractors put it."""
    tree = open_base([folder("real"), symlink("l", "real")], [file("l/f", "1")]).tree()
    assert read(tree, "real/f") == b"1"


def test_trees_are_apart(open_base):
    """Each caller has a tree of its own."""
    base = open_base([file("a")])
    one, two = base.tree(), base.tree()
    one.put(file("b"))
    assert ("b" in one, "b" in two, "b" in base.tree()) == (True, False, False)


def test_unpacking_gives_the_same_tree(open_base, tmp_path):
    """On disk lies what the tree says, from whichever layer, also where a hard link outlives its first name."""
    first = file("f/first", "linked")._replace(link_group=1)
    image = open_base(
        [folder("f"), first, first._replace(path="f/second"), file("f/third", "old"), folder("gone"), file("gone/x")],
        [Entry("f/first", Kind.WHITEOUT), file("f/third", "new"), Entry("gone", Kind.WHITEOUT), symlink("l", "f")],
    )
    top = tmp_path / "root"
    top.mkdir()
    expected = [(entry.path, entry.kind) for entry in image.tree().walk()]
    image.unpack(str(top), keep=True)
    assert sorted(path.relative_to(top).as_posix() for path in top.rglob("*")) == ["f", "f/second", "f/third", "l"]
    assert ((top / "f/second").read_text(), (top / "f/third").read_text()) == ("linked", "new")
    assert [(entry.path, entry.kind) for entry in image.tree().walk()] == expected


@pytest.mark.parametrize(("keep", "content"), [(True, b"changed"), (False, b"text")])
def test_only_a_folder_that_is_kept_becomes_the_content(open_base, tmp_path, keep, content):
    """Files of a folder that commands will write to are still read from the layer."""
    image = open_base([file("a", "text")])
    top = tmp_path / "root"
    top.mkdir()
    image.unpack(str(top), keep=keep)
    (top / "a").write_text("changed")
    assert read(image.tree(), "a")[: len(content)] == content
