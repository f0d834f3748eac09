"""Owners by number and by name."""

from __future__ import annotations

import pytest

from fakes.building import file, folder, symlink
from tagboat.build.ownership import Owner, User, find_owner, find_user
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


PASSWD = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/t:/bin/sh\napp:x:5:6::/app:\nbare:x:7:8\nlost:x:9:9:::\n"
GROUP = "root:x:0:root,daemon\nwheel:x:10:root,app\nothers:x:11:app\nbroken:x:one:app\nshort:x:12\n"


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("", User(0, 0, (0, 10), "/root")),
        ("root", User(0, 0, (0, 10), "/root")),
        ("0", User(0, 0, (0, 10), "/root")),
        ("app", User(5, 6, (10, 11), "/app")),
        ("5", User(5, 6, (10, 11), "/app")),
        ("app:wheel", User(5, 10, (), "/app")),
        ("app:99", User(5, 99, (), "/app")),
        ("5:root", User(5, 0, (), "/app")),
        ("root:root", User(0, 0, (), "/root")),
        (":short", User(0, 12, (), "/root")),
        ("99", User(99, 0, (), "/")),
        ("99:98", User(99, 98, (), "/")),
        ("bare", User(7, 8, (), "/")),
        ("lost", User(9, 9, (), "/")),
        ("toor", User(0, 0, (), "/root")),
    ],
)
def test_a_command_is_run_as_runc_would(text, user):
    """Name or number, primary and supplementary groups, and a home that is looked up by number."""
    files = tree(folder("etc"), file("etc/passwd", PASSWD), file("etc/group", GROUP))
    assert find_user(text, lambda: files, PLACE) == user


@pytest.mark.parametrize("text", ["", "0", "root:root", "0:0"])
def test_root_needs_no_table(text):
    """An image without /etc/passwd is run as root all the same."""
    assert find_user(text, tree, PLACE) == User(0, 0, (), "/")


@pytest.mark.parametrize(
    ("text", "name"),
    [("nobody", "'nobody'"), ("nobody:0", "'nobody'"), ("0:staff", "'staff'"), ("app:", "'app'"), ("4294967295", "4")],
)
def test_whom_the_image_does_not_know_nothing_is_run_as(text, name):
    """An unknown user or group is an error at the line, never root instead."""
    with pytest.raises(DockerfileError, match=rf"^Dockerfile:3: .*{name}"):
        find_user(text, tree, PLACE)
