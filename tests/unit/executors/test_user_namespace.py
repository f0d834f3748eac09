"""The ranges of users that a table of subordinate IDs gives, and how they are asked for."""

from __future__ import annotations

import pwd

import pytest

from tagboat.errors import MachineError
from tagboat.executors.user_namespace import _asked, _granted
from tagboat.proc import Finished

NOBODY = 4_000_000_000  # a user whom no /etc/passwd has


@pytest.fixture
def table(tmp_path):
    """Write a table and return its path."""

    def write(text):
        (tmp_path / "subuid").write_text(text)
        return str(tmp_path / "subuid")

    return write


def test_ranges_follow_one_another(table):
    """The ranges of a user, and of no other, lie inside from 1 on without gaps."""
    path = table(f"other:1000:5\n{NOBODY}:100000:65536\nother:7:7\n{NOBODY}:300000:10\n")
    assert _granted(path, NOBODY) == [(1, 100000, 65536), (65537, 300000, 10)]


def test_a_user_is_known_by_number_and_by_name(table):
    """Tables name users either way."""
    name = pwd.getpwuid(0).pw_name
    assert _granted(table(f"{name}:100:10\n0:200:10\n"), 0) == [(1, 100, 10), (11, 200, 10)]


@pytest.mark.parametrize("line", ["", f"{NOBODY}", f"{NOBODY}:", f"{NOBODY}:1", f"{NOBODY}:x:1", f"{NOBODY}:1:-1", "#"])
def test_a_broken_line_gives_nothing(table, line):
    """What is no range is passed over."""
    assert _granted(table(f"{line}\n"), NOBODY) == []


def test_no_table_gives_nothing(tmp_path):
    """Where there is no table nobody has a range."""
    assert _granted(str(tmp_path / "none"), NOBODY) == []


def test_both_maps_are_asked_for():
    """The two programs get the process and three numbers for each range, one map after the other."""
    calls = []

    def run(argv):
        calls.append(list(argv))
        return Finished(status=0, stdout=b"", stderr=b"")

    assert _asked(77, run, [(0, 1000, 1), (1, 100000, 65536)], [(0, 1001, 1)])
    assert calls == [
        ["newuidmap", "77", "0", "1000", "1", "1", "100000", "65536"],
        ["newgidmap", "77", "0", "1001", "1"],
    ]


def test_a_refusal_is_no():
    """A program that fails, or is not there, means that the map was not made."""
    assert not _asked(77, lambda _argv: Finished(status=1, stdout=b"", stderr=b"not allowed"), [(0, 1, 1)], [(0, 1, 1)])

    def missing(_argv):
        raise MachineError("newuidmap is not installed")

    assert not _asked(77, missing, [(0, 1, 1)], [(0, 1, 1)])
