"""Directories by descriptors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagboat.layers.descent import DeepContent, Descent, walk

DEPTH = 450  # deeper than descriptors are kept open, and with these names longer than the kernel takes at once
NAME = "d" * 9


@pytest.fixture
def deep(tmp_path):
    """Make a folder with DEPTH folders in each other and a file at the end, and return it."""
    top = tmp_path / "deep"
    top.mkdir()
    at = os.open(top, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir(NAME, dir_fd=at)
        below = os.open(NAME, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    file = os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=at)
    os.write(file, b"at the end")
    os.close(file)
    os.close(at)
    return str(top)


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def path_of(depth: int) -> str:
    return "/".join([NAME] * depth)


def test_any_depth_is_reached_with_few_descriptors(deep):
    """However deep and in whatever order, each directory is the right one, and few are open at once."""
    with Descent(deep) as places:
        seen = {depth: os.fstat(places.enter(path_of(depth))).st_ino for depth in range(DEPTH + 1)}
        assert len(open_descriptors()) < 300
        assert len(set(seen.values())) == DEPTH + 1
        for depth in [DEPTH, 3, DEPTH - 1, 400, 300, 200, 1, 0, DEPTH, *range(DEPTH, 0, -1)]:
            assert os.fstat(places.enter(path_of(depth))).st_ino == seen[depth]


def test_all_descriptors_are_closed(deep):
    """A descent leaves nothing open."""
    before = open_descriptors()
    with Descent(deep) as places:
        places.enter(path_of(DEPTH))
    assert open_descriptors() == before


def test_a_content_too_deep_for_its_path_can_be_read(deep):
    """A file is read at a path longer than PATH_MAX, as often as one likes."""
    content = DeepContent(deep, f"{path_of(DEPTH)}/file")
    for _ in range(2):
        with content.open() as stream:
            assert stream.read() == b"at the end"


def test_a_symlink_on_the_way_is_no_directory(tmp_path):
    """A symlink to a directory is never followed, at the end or before."""
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    with Descent(str(tmp_path)) as places:
        for path in ("link", "link/below"):
            with pytest.raises(NotADirectoryError):
                places.enter(path)


@pytest.mark.parametrize("path", ["..", "real/..", "real/../real", ".", "/real", "real//below", "real/"])
def test_only_names_lead_on(tmp_path, path):
    """Nothing climbs out, and no path has two spellings."""
    (tmp_path / "real" / "below").mkdir(parents=True)
    with Descent(str(tmp_path)) as places, pytest.raises(ValueError, match="no name"):
        places.enter(path)


def test_a_way_that_failed_leaves_the_others_open(tmp_path):
    """After a name that is not there, the same places are found as before."""
    (tmp_path / "real" / "below").mkdir(parents=True)
    with Descent(str(tmp_path)) as places:
        inode = os.fstat(places.enter("real")).st_ino
        with pytest.raises(FileNotFoundError):
            places.enter("real/below/none")
        assert os.fstat(places.enter("real")).st_ino == inode
        assert os.fstat(places.enter("")).st_ino == tmp_path.stat().st_ino


def test_a_walk_leaves_out_what_it_shall_skip(tmp_path):
    """A path to skip does not exist, and neither does what is below it."""
    for path in ("a/b", "c/d"):
        (tmp_path / path).mkdir(parents=True)
    with Descent(str(tmp_path)) as places:
        assert sorted(path for path, _, _ in walk(places, {"a", "c/d"})) == ["c"]
