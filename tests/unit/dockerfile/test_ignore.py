"""Ignore rules."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tagboat.dockerfile.glob import PatternError, translate
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.errors import DockerfileError, FaultsError

_FILE = Path(__file__).parents[2] / "fixtures/language/dockerignore.json"
_TABLES = json.loads(_FILE.read_text(encoding="utf-8"))["tables"]
_ROWS = [row for name in ("single_pattern", "multi_pattern", "misc", "go_match") for row in _TABLES[name]]


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{' '.join(row['patterns'])} {row['path']}")
def test_a_path_is_ignored_as_in_the_reference(row: dict[str, Any]):
    """Patterns ignore the paths that the reference ignores, and fail where it fails."""
    if "error" in row:
        with pytest.raises(PatternError):
            IgnoreRules.of(row["patterns"])
    else:
        # The reference is asked with a trailing slash here and there; paths of a tree have none.
        assert IgnoreRules.of(row["patterns"]).ignored(row["path"].rstrip("/")) is row["ignored"]


@pytest.mark.parametrize("row", _TABLES["normalisation"], ids=lambda row: " ".join(row["patterns"]))
def test_patterns_are_normalised_as_in_the_reference(row: dict[str, Any]):
    """Blank patterns are dropped, and a `!` is seen behind white space."""
    rules = IgnoreRules.of(row["patterns"])
    assert any(pattern.negated for pattern in rules.patterns) is row["has_exclusions"]
    assert len(rules.patterns) == row.get("kept", len(row["patterns"]))


@pytest.mark.parametrize(
    "row", [row for row in _TABLES["compile"] if row["match_type"] == "regexpMatch"], ids=lambda row: row["pattern"]
)
def test_patterns_translate_as_in_the_reference(row: dict[str, Any]):
    """The expression of a pattern is the reference's, but for the names of groups."""
    ours = translate(row["pattern"], double_star=True).replace("(?:", "(")
    assert f"^{ours}$" == row["regexp"]


def test_an_ignore_file_is_read_line_by_line():
    """Comments begin in the first column, white space around a pattern and slashes before it do not count."""
    text = b"\xef\xbb\xbf# comment\r\n # no comment\n\n  a//b/ \r\n/c/../d\n! /e\n./f\n/\n."
    rules = IgnoreRules.parse(text, ".dockerignore")
    assert [str(pattern) for pattern in rules.patterns] == ["# no comment", "a/b", "d", "!e", "f", "/", "."]


def test_every_malformed_line_is_reported():
    """Malformed lines are errors with their place, all at once."""
    with pytest.raises(FaultsError) as caught:
        IgnoreRules.parse(b"a\n[\n!\n", ".dockerignore")
    assert [str(fault.location) for fault in caught.value.faults] == [".dockerignore:2", ".dockerignore:3"]
    with pytest.raises(DockerfileError, match="'!' stands alone"):
        IgnoreRules.parse(b"!", ".dockerignore")


@pytest.mark.parametrize(
    ("patterns", "directory", "expected"),
    [
        (["a"], "a", True),
        (["a"], "a/b", True),
        (["a"], "b", False),
        (["a", "!a/b"], "a", False),
        (["a", "!a/b"], "a/c", True),
        (["a", "!a/b/c"], "a/b", False),
        (["a", "!b"], "a", True),
        (["!a/b", "a"], "a", True),
        (["a", "!a/b", "a/b/c"], "a/b/c", True),
        (["*", "!**/keep"], "a", False),
        (["*", "!*/keep"], "a", False),
        (["*", "!*/keep"], "a/b", True),
        (["*", "![a]/keep"], "b", False),
        (["a/**"], "a", False),
        (["a/**"], "a/b", True),
    ],
)
def test_a_directory_is_pruned_when_nothing_in_it_can_come_back(patterns: list[str], directory: str, expected: bool):
    """Only an ignored directory that no later `!` pattern reaches into is passed over."""
    assert IgnoreRules.of(patterns).prunes(directory) is expected


def test_paths_that_are_not_text_are_matched():
    """Names that are not UTF-8 carry surrogate escapes, in rules as in paths."""
    rules = IgnoreRules.parse(b"a\xff*\n", ".dockerignore")
    assert rules.ignored(b"a\xffb".decode("utf-8", "surrogateescape"))


def test_no_rules_ignore_nothing():
    """Empty rules are false, and leave everything in."""
    rules = IgnoreRules.of(["", "  "])
    assert not rules
    assert not rules.ignored("a")
    assert not rules.prunes("a")


@pytest.mark.slow
def test_a_large_context_is_matched_quickly():
    """Thirty thousand paths and thirty rules take well under two seconds on a slow machine."""
    names = ("**/node_modules", "*.log", "**/*.pyc", "docs/**", "build", "**/dist/*.map")
    rules = IgnoreRules.of([*(f"{name}{number}" for number in range(5) for name in names), "!docs/keep"])
    paths = [f"src/package{number % 100}/module{number % 7}/file{number}.py" for number in range(30_000)]
    start = time.perf_counter()
    assert not any(rules.ignored(path) for path in paths)
    assert time.perf_counter() - start < 2
