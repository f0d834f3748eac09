"""Laws of building that hold for every tree of files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.building import Symlink, Workshop, write_tree
from tagboat.build.sources import find_sources
from tagboat.cli.arguments import read_arguments
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.errors import DockerfileError, FaultsError
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tree import Tree
from tagboat.sources import DirectoryTree

QUICK = settings(deadline=None, max_examples=60)
NAMES = st.sampled_from(["a", "b", "c", "a.txt", "[a]", " ", "ä", "a\nb", "\udcff", "-", "x" * 120, ".wh", "*"])
TARGETS = st.sampled_from(["a", "../b", "/c", "../../../..", "/", ".", "a/b/c", "none", "/a/../b"])
PATTERNS = st.lists(
    st.sampled_from(["a", "b", "c", "*", "?", "a*", "[a-c]", "[[]a]", "a.txt", "..", "."]), min_size=1, max_size=3
).map("/".join)
RULES = st.lists(
    st.sampled_from(["*", "a", "!a", "b", "!b/a", "a/b", "!a/b/c", "**/a", "!**/b", "*/*", "a*", "!c", "[a]", "a/**"]),
    max_size=5,
)
STEPS = st.lists(
    st.sampled_from(
        [
            "COPY . /",
            "COPY . /d",
            "COPY --chmod=u+w . /d/e/",
            "COPY --parents --chown=3:4 . /p/",
            "WORKDIR /d/w",
            "USER 7",
            "WORKDIR rel",
            "COPY --link . /l",
            "COPY --exclude=a --exclude=!a/b . /x",
            "COPY * /star/",
        ]
    ),
    min_size=1,
    max_size=4,
)


def _leaf():
    return st.one_of(st.binary(max_size=600), TARGETS.map(Symlink))


TREES = st.recursive(
    st.dictionaries(NAMES, _leaf(), max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | _leaf(), max_size=4),
    max_leaves=8,
)


def flat(tree, prefix=""):
    """Return the files of a nested dictionary by path, None for its folders."""
    files = {}
    for name, content in tree.items():
        if isinstance(content, dict):
            files[prefix + name] = None
            files |= flat(content, f"{prefix}{name}/")
        else:
            files[prefix + name] = content
    return files


def model(files) -> Tree:
    """Return the same files as an image's tree."""
    tree = Tree()
    for path, content in files.items():
        if content is None:
            tree.put(Entry(path, Kind.DIRECTORY, 0o755))
        elif isinstance(content, Symlink):
            tree.put(Entry(path, Kind.SYMLINK, 0o777, target=content.target))
        else:
            tree.put(Entry(path, Kind.FILE, 0o644, size=len(content)))
    return tree


def seen(image):
    """Return all that an image's tree says of each path, and the contents."""
    return {
        entry.path: (entry.kind, entry.mode, entry.uid, entry.gid, entry.target, image.text(entry.path))
        for entry in image.tree.walk()
        if entry.path
    }


def attempt(call):
    """Return a result, or that the Dockerfile is refused."""
    try:
        return call()
    except (DockerfileError, FaultsError):
        return "refused"


@QUICK
@given(TREES)
def test_a_copied_tree_is_the_tree(tree):
    """COPY . / puts every file, folder and link of a context into the image as it is, the same bytes each time."""
    with tempfile.TemporaryDirectory() as place:
        workshop = Workshop(Path(place))
        workshop.files(flat(tree))
        image = workshop.build("FROM scratch\nCOPY . /\n")
        assert set(image.paths()) == set(flat(tree))
        for path, content in flat(tree).items():
            if isinstance(content, Symlink):
                assert image.entry(path).target == content.target
            elif content is not None:
                assert image.text(path).encode("utf-8", "surrogateescape") == content
        for number, path in enumerate(workshop.context.rglob("*")):
            os.utime(path, (number, number), follow_symlinks=False)
        assert workshop.build("FROM scratch\nCOPY . /\n").digest == image.digest
        workshop.check()


@QUICK
@given(TREES, STEPS)
def test_the_layers_make_what_the_stage_saw(tree, steps):
    """A stage's files as a later COPY --from sees them are those that its written layers make."""
    with tempfile.TemporaryDirectory() as place:
        workshop = Workshop(Path(place))
        workshop.files(flat(tree))
        text = "FROM scratch AS one\n" + "\n".join(steps) + "\n"
        one = attempt(lambda: workshop.build(text))
        two = attempt(lambda: workshop.build(f"{text}FROM scratch\nCOPY --from=one / /\n"))
        if one == "refused":
            assert two == "refused"
            return
        assert seen(two) == seen(one)
        workshop.check()


@QUICK
@given(TREES, PATTERNS, st.booleans())
def test_disk_and_image_are_searched_alike(tree, pattern, parents):
    """A source names the same paths in a folder on disk and in an image that holds the same files."""
    files = flat(tree)
    with tempfile.TemporaryDirectory() as place:
        disk = DirectoryTree(str(write_tree(Path(place) / "top", files)))
        on_disk = attempt(lambda: find_sources(disk, pattern, parents=parents))
        in_image = attempt(lambda: find_sources(model(files), pattern, parents=parents))
    assert on_disk == in_image


@QUICK
@given(TREES, st.lists(st.sampled_from(["a", "b", "c", "..", ".", ""]), max_size=5).map("/".join))
def test_paths_resolve_alike_and_stay_inside(tree, path):
    """Links lead to the same place on disk and in an image, and never above the root."""
    files = flat(tree)
    with tempfile.TemporaryDirectory() as place:
        disk = DirectoryTree(str(write_tree(Path(place) / "top", files)))
        on_disk = attempt(lambda: disk.resolve(path))
    assert on_disk == attempt(lambda: model(files).resolve(path))
    assert ".." not in on_disk.split("/")


@QUICK
@given(TREES, RULES)
def test_an_ignored_path_is_absent_in_every_view(tree, rules):
    """What the rules leave out is left out of walks, listings and look-ups; folders stay for what is kept in them."""
    files = flat(tree)
    ignore = IgnoreRules.of(rules)
    kept = {path for path in files if not ignore.ignored(path)}
    kept |= {path for path, content in files.items() if content is None and any(k.startswith(f"{path}/") for k in kept)}
    with tempfile.TemporaryDirectory() as place:
        disk = DirectoryTree(str(write_tree(Path(place) / "top", files)), ignore)
        assert {entry.path for entry in disk.walk("") if entry.path} == kept
        assert {path for path in files if disk.get(path)} == kept
        assert set(disk.children("")) == {path for path in kept if "/" not in path}


@given(
    st.lists(
        st.text(max_size=8) | st.sampled_from(["--", "-", "--json", "--tags", "--output=", "build", "---", "--=x"])
    )
)
def test_every_command_line_can_be_read(argv):
    """No command line ends the reading: what is wrong with it is told later, all at once."""
    read = read_arguments(argv)
    assert read.command in {*argv, "run"}
    assert all(values for values in read.flags.values())
