"""The shapes of arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagboat.dockerfile.arguments import (
    json_or_blanks,
    json_or_text,
    names_and_values,
    split_quoted,
    typed_json_or_text,
)
from tagboat.dockerfile.faults import LanguageError

_FILE = Path(__file__).parents[2] / "fixtures/language/misc.json"
_TABLES = json.loads(_FILE.read_text(encoding="utf-8"))["tables"]


@pytest.mark.parametrize("row", _TABLES["json_arrays_valid"], ids=lambda row: row["text"])
def test_an_array_of_strings_is_json(row: dict[str, Any]):
    """A JSON array of strings gives its strings."""
    arguments = json_or_text(row["text"])
    assert (arguments.json, list(arguments.words)) == (True, row["value"])


@pytest.mark.parametrize("row", _TABLES["json_arrays_must_fail"], ids=lambda row: row["text"])
def test_an_array_of_anything_else_fails(row: dict[str, Any]):
    """A JSON array that holds more than strings is an error, never shell text."""
    with pytest.raises(LanguageError, match="strings only"):
        json_or_text(row["text"])


@pytest.mark.parametrize(
    "text", ["['a']", '["a"', '["a"] b', "[NaN]", "[Infinity]", '["a\tb"]', "[" * 60_000, '{"a": "b"}', "[a]"]
)
def test_what_is_no_json_is_text(text: str):
    """What Go's decoder would refuse falls back to the shell form."""
    assert json_or_text(text).words == (text,)
    assert not json_or_text(text).json


def test_half_a_surrogate_pair_becomes_the_replacement_character():
    """An escape that no file can hold does not get past the parser."""
    assert json_or_text('["\\ud800", "\\ud83d\\ude00"]').words == ("\ufffd", "\U0001f600")


def test_paths_split_at_white_space_only():
    """Neither quotes nor escapes hold the words of COPY together."""
    assert json_or_blanks('a\\ b "c d"').words == ("a\\", "b", '"c', 'd"')


def test_quoted_words_keep_their_quotes_and_escapes():
    """Words of ENV, LABEL and ARG are told apart by quotes, which stay until expansion."""
    assert split_quoted("a=b\\ c d='e f' g=\"h\\\" i\" ''", "\\").words == ("a=b\\ c", "d='e f'", 'g="h\\" i"', "''")
    assert split_quoted("a=b` c", "`").words == ("a=b` c",)
    assert split_quoted("a\\", "\\").words == ("a",)


def test_the_older_form_takes_the_rest_of_the_line():
    """A first word without = is a name, and all the rest its value."""
    assert names_and_values('NAME a  "b" c=d', "\\").words == ("NAME", 'a  "b" c=d', "")


def test_every_word_after_a_name_with_a_value_needs_one_too():
    """Once the first word has =, a word without it is an error that names it and the whole."""
    with pytest.raises(LanguageError, match="b is not of the form NAME=value, in a=1 b"):
        names_and_values("a=1 b", "\\")


def test_a_type_stands_before_a_command():
    """HEALTHCHECK's first word is its type; the rest is text or JSON."""
    assert typed_json_or_text('CMD  ["a", "b"]').words == ("CMD", "a", "b")
    assert typed_json_or_text("CMD a  b").words == ("CMD", "a  b")
    assert typed_json_or_text("").words == ()
