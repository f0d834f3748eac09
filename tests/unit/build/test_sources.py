"""Which files a source names."""

from __future__ import annotations

import pytest

from fakes.building import file, folder, symlink
from tagboat.build.sources import files_below, find_sources
from tagboat.dockerfile.glob import PatternError
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.layers.tree import Tree


@pytest.fixture
def tree():
    """Return a tree with a file, nested folders and a link."""
    made = Tree()
    made.apply([file("a.txt"), file("b.md"), file("d/a.txt"), file("d/e/a.txt"), folder("x"), symlink("l", "d")])
    return made


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("a.txt", ["a.txt"]),
        ("/a.txt", ["a.txt"]),
        ("../../a.txt", ["a.txt"]),
        ("d/", ["d"]),
        (".", [""]),
        ("/", [""]),
        ("l/e", ["d/e"]),
        ("l", ["d"]),
        ("*.txt", ["a.txt"]),
        ("d/*", ["d/a.txt", "d/e"]),
        ("*/a.txt", ["d/a.txt"]),
        ("l/*.txt", ["d/a.txt"]),
        ("[!ab]*", ["a.txt", "b.md"]),
        ("[^ab]*", ["d", "l", "x"]),
        ("?.txt", ["a.txt"]),
        ("**/a.txt", ["d/a.txt"]),
        ("x/*", []),
        ("none/*", []),
        ("a.txt/*", []),
        ("none", None),
        ("a.txt/none", None),
    ],
)
def test_patterns_name_paths(tree, pattern, paths):
    """A name is one path, or nothing at all; a pattern is those that match part by part, maybe none."""
    found = find_sources(tree, pattern, parents=False)
    assert (None if found is None else [item.path for item in found]) == paths


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("d/e/a.txt", [("", "d/e/a.txt")]),
        ("d/./e/a.txt", [("d", "e/a.txt")]),
        ("/d/./e", [("d", "e")]),
        ("./d/e", [("", "d/e")]),
        ("d/e/./", [("d/e", "")]),
        ("**/a.txt", [("", "a.txt"), ("", "d/a.txt"), ("", "d/e/a.txt")]),
        ("d/./**/a.txt", [("d", "a.txt"), ("d", "e/a.txt")]),
        ("d/**", [("", "d/a.txt"), ("", "d/e")]),
        ("*", [("", "a.txt"), ("", "b.md"), ("", "d"), ("", "l"), ("", "x")]),
    ],
)
def test_parents_keep_the_path_behind_the_pivot(tree, pattern, found):
    """What --parents keeps begins at the pivot, else at the root; what is matched whole is not entered."""
    items = find_sources(tree, pattern, parents=True)
    assert [(item.above, item.kept) for item in items] == found


def test_a_malformed_pattern_is_an_error(tree):
    """A class that is not closed is told."""
    with pytest.raises(PatternError):
        find_sources(tree, "a[", parents=False)


@pytest.mark.parametrize(
    ("patterns", "paths"),
    [
        (["e"], ["a.txt"]),
        (["*.txt"], ["e", "e/a.txt"]),
        (["**/*.txt"], ["e"]),
        (["e", "!e/a.txt"], ["a.txt", "e", "e/a.txt"]),
        (["*", "!a.txt"], ["a.txt"]),
        (["none"], ["a.txt", "e", "e/a.txt"]),
    ],
)
def test_excluded_paths_are_relative_to_the_source(tree, patterns, paths):
    """--exclude speaks of paths below the copied folder; a folder shows when something in it is taken back."""
    assert [path for path, _ in files_below(tree, "d", IgnoreRules.of(patterns))] == paths
