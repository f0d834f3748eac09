"""Owners by number and by name."""

from __future__ import annotations

import pytest

from fakes.building import file, folder, symlink
from tagboat.build.ownership import Owner, find_owner
from tagboat.errors import DockerfileError, Location
from tagboat.layers.tree import Tree

PLACE = Location(file="Dockerfile", line=3)


def tree(*entries) -> Tree:
    """Return a root file system."""
    made = Tree()
    made.apply(entries)
    return made


def test_numbers_need_no_file():
    """A root file system is not looked at for numbers."""

    def nobody_asks():
        raise AssertionError

    assert find_owner("5", nobody_asks, PLACE) == Owner(5, 5)
    assert find_owner("5:6", nobody_asks, PLACE) == Owner(5, 6)
    assert find_owner("4294967294:0", nobody_asks, PLACE) == Owner(4294967294, 0)


def test_tables_are_found_through_symlinks_of_the_image():
    """/etc/passwd may be a link, which stays inside the image."""
    files = tree(symlink("etc", "../usr/etc"), file("usr/etc/passwd", "a:x:1:2::/:\n"))
    assert find_owner("a", lambda: files, PLACE) == Owner(1, 2)


@pytest.mark.parametrize(
    "passwd", ["a:x:one:2::/:\n", "a:x:1\n", "#a:x:1:2::/:\n", "", "\n\n", "A:x:1:2::/:\n", " a:x:1:2::/:\n"]
)
def test_lines_that_are_no_entries_are_passed_over(passwd):
    """A broken line, a comment or another name gives no owner, and that is an error at its line."""
    files = tree(folder("etc"), file("etc/passwd", passwd))
    with pytest.raises(DockerfileError, match=r"Dockerfile:3: .*'a'"):
        find_owner("a", lambda: files, PLACE)


def test_the_first_entry_of_a_name_counts():
    """As for getpwnam, the first line wins."""
    files = tree(folder("etc"), file("etc/passwd", "a:x:1:2::/:\na:x:3:4::/:\n"))
    assert find_owner("a", lambda: files, PLACE) == Owner(1, 2)


@pytest.mark.parametrize("kind", [folder("etc/passwd"), symlink("etc/passwd", "/nowhere")])
def test_a_table_that_is_no_file_holds_nothing(kind):
    """An image without /etc/passwd knows no name."""
    with pytest.raises(DockerfileError):
        find_owner("root", lambda: tree(folder("etc"), kind), PLACE)
