"""Paths inside an image."""

from __future__ import annotations

import pytest

from tagboat.plan import paths


@pytest.mark.parametrize(
    ("path", "workdir", "result"),
    [
        ("a", "/w", "/w/a"),
        ("/a", "/w", "/a"),
        ("//a", "/", "/a"),
        ("..", "/", "/"),
        ("../../a", "/w", "/a"),
        (".", "/w", "/w"),
        ("a/./b//c/", "", "/a/b/c"),
    ],
)
def test_paths_are_cleaned_and_never_leave_the_root(path, workdir, result):
    """A path becomes absolute, without `.`, `..` and doubled slashes."""
    assert paths.absolute(path, workdir) == result
