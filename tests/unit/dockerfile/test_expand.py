"""Variable expansion and word splitting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagboat.dockerfile.expand import ExpansionError, expand, expand_fully, expand_heredoc, expand_words

_FILE = json.loads((Path(__file__).parents[2] / "fixtures/language/shell-lexer.json").read_text(encoding="utf-8"))
_TABLES = _FILE["tables"]
_WORDS = [row for row in _TABLES["env_var_words"] if row["platform"] != "windows"]
_OTHERS = _TABLES["with_matches"] + _TABLES["mandatory"] + _TABLES["platform_args"]


@pytest.mark.parametrize("row", _WORDS, ids=lambda row: row["word"])
def test_a_word_expands_as_in_the_reference(row: dict[str, Any]):
    """A word becomes what the reference makes of it, or fails where that fails."""
    if row.get("error"):
        with pytest.raises(ExpansionError):
            expand(row["word"], _FILE["env_var_env"])
    else:
        assert expand(row["word"], _FILE["env_var_env"]) == row["expected"]


@pytest.mark.parametrize("row", _TABLES["word_splitting"], ids=lambda row: row["text"])
def test_text_splits_as_in_the_reference(row: dict[str, Any]):
    """White space splits a text after expansion, unless quotes protect it."""
    if row.get("error"):
        with pytest.raises(ExpansionError):
            expand_words(row["text"], row["env"])
    else:
        assert expand_words(row["text"], row["env"]) == row["expected_words"]


@pytest.mark.parametrize("row", _OTHERS, ids=lambda row: row["word"])
def test_used_and_unset_variables_are_told_as_in_the_reference(row: dict[str, Any]):
    """An expansion tells which variables it met, set and unset."""
    if row.get("error"):
        with pytest.raises(ExpansionError, match=row.get("error_contains")):
            expand_fully(row["word"], row["env"])
        return
    expansion = expand_fully(row["word"], row["env"])
    assert expansion.text == row["expected"]
    assert sorted(expansion.used) == row.get("matched", sorted(expansion.used))
    assert sorted(expansion.unset) == row.get("unmatched", sorted(expansion.unset))


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        ("${X#*.}", "a.b.c", "b.c"),
        ("${X##*.}", "a.b.c", "c"),
        ("${X%.*}", "a.b.c", "a.b"),
        ("${X%%.*}", "a.b.c", "a"),
        ("${X#?}", "abc", "bc"),
        ("${X%\\*}", "a*", "a"),
        ("${X/b/-}", "abab", "a-ab"),
        ("${X//b/-}", "abab", "a-a-"),
        ("${X//*/-}", "abc", "-"),
        ("${X//\\//\\/}", "/tmp/foo", "\\/tmp\\/foo"),
        ("${X//b/\\1}", "abc", "a\\1c"),
        ("${X/nothing/-}", "abc", "abc"),
    ],
)
def test_pattern_operators_take_the_shortest_or_longest_match(word: str, value: str, expected: str):
    """`#` and `%` cut the shortest end, doubled the longest; `/` replaces the first, doubled every longest match."""
    assert expand(word, {"X": value}) == expected


@pytest.mark.parametrize("word", ["${X#\\}", "${X#a\\b}", "${X/\\x/y}", "${X", "${X:", "${X-", "${X/a/b", "${X:#a}"])
def test_a_malformed_substitution_fails(word: str):
    """What the reference cannot read is an error, not text."""
    with pytest.raises(ExpansionError):
        expand(word, {"X": "value"})


def test_an_error_shows_the_word_and_says_what_to_do():
    """The message names the variable, the user's own words and the text; the hint says how to set it."""
    with pytest.raises(ExpansionError) as caught:
        expand("a${NEEDED:?give it a value}", {})
    assert "NEEDED: give it a value" in str(caught.value)
    assert "in a${NEEDED:?give it a value}" in str(caught.value)
    assert "NEEDED" in caught.value.hint


def test_the_escape_character_is_a_parameter():
    """With the backtick as escape a backslash is text, as in paths of Windows."""
    assert expand("C:\\$X`$X", {"X": "dir"}, "`") == "C:\\dir$X"


def test_the_environment_may_be_a_function():
    """A function stands for the environment; None is unset."""
    assert expand("$A-${B:-none}", {"A": "1", "B": None}.get) == "1-none"


def test_a_heredoc_body_keeps_its_quotes():
    """In a heredoc only `$` and the backslash mean anything."""
    assert expand_heredoc("\"$X\" '$X' \\$X\n", {"X": "1"}) == "\"1\" '1' $X\n"


def test_words_from_a_variable_are_split_and_quoted_ones_are_not():
    """The value of a bare variable is split; quotes and escapes hold a word together."""
    assert expand_words("$X \"$X\" c\\ d ''", {"X": " a  b "}) == ["a", "b", " a  b ", "c d"]


def test_endless_nesting_is_an_error_of_the_file():
    """A word that nests thousands of variables fails as a wrong word, not as a crash."""
    with pytest.raises(ExpansionError, match="nested too deeply"):
        expand("${a:-" * 10_000 + "}" * 10_000, {})
