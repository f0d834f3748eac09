"""Path patterns."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.glob import PatternError, has_wildcard, match_path


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a*", "abc", True),
        ("a*", "a/b", False),
        ("**", "a/b", False),
        ("a/*/c", "a/b/c", True),
        ("?", "\u263a", True),
        ("[a-c]", "b", True),
        ("[^a-c]", "b", False),
        ("[^a]", "/", True),
        ("[c-a]", "b", False),
        ("[^c-a]", "b", True),
        ("[\\]]", "]", True),
        ("[[]a]", "[a]", True),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a]", "a]", True),
        ("a.c", "abc", False),
        ("*\n", "a\n", True),
    ],
)
def test_a_pattern_matches_as_go_does(pattern: str, path: str, expected: bool):
    """Wildcards stay within a name, classes hold ranges, and everything else stands for itself."""
    assert match_path(pattern, path) is expected


@pytest.mark.parametrize("pattern", ["[", "[]", "[^]", "[a", "[a-", "[a-]", "[-a]", "[]a]", "a\\", "[a\\"])
def test_a_malformed_pattern_is_refused(pattern: str):
    """Open classes, empty ones and a last escape are errors, whatever the path."""
    with pytest.raises(PatternError, match="is malformed"):
        match_path(pattern, "a")


def test_only_special_characters_make_a_pattern():
    """A name without wildcard, class or escape is no pattern."""
    assert [has_wildcard(text) for text in ("a/b.c", "a*", "a?", "[a]", "a\\b")] == [False, True, True, True, True]
