"""Laws of ignore rules that hold for any patterns and paths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagboat.dockerfile.ignore import IgnoreRules

_NAMES = st.sampled_from(["a", "b", "ab", "ba"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_SEGMENTS = st.sampled_from(["a", "b", "ab", "*", "?", "a*", "**", "[ab]", "[^a]", "**a", "\\a"])
_PATTERNS = st.builds(
    "{}{}".format, st.sampled_from(["", "!"]), st.lists(_SEGMENTS, min_size=1, max_size=3).map("/".join)
)


@given(st.lists(_PATTERNS, max_size=5), _PATHS, _PATHS)
def test_nothing_in_a_pruned_directory_is_kept(patterns: list[str], directory: str, below: str):
    """Where a directory is pruned, everything below it is ignored."""
    rules = IgnoreRules.of(patterns)
    if rules.prunes(directory):
        assert rules.ignored(directory)
        assert rules.ignored(f"{directory}/{below}")


@given(st.lists(_PATTERNS, max_size=5), _PATHS)
def test_the_last_matching_pattern_decides(patterns: list[str], path: str):
    """Rules together say what the last of them that matches alone says."""
    matching = [text for text in patterns if IgnoreRules.of([text.removeprefix("!")]).ignored(path)]
    assert IgnoreRules.of(patterns).ignored(path) is (bool(matching) and not matching[-1].startswith("!"))


@given(_PATTERNS, _PATHS, _PATHS)
def test_what_lies_in_a_matched_directory_is_matched(pattern: str, directory: str, below: str):
    """A pattern that matches a directory matches everything in it."""
    rules = IgnoreRules.of([pattern.removeprefix("!")])
    if rules.ignored(directory):
        assert rules.ignored(f"{directory}/{below}")
