"""Git references."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.git_reference import parse_git_reference

_FILE = Path(__file__).parents[2] / "fixtures/language/misc.json"
_TABLES = json.loads(_FILE.read_text(encoding="utf-8"))["tables"]


@pytest.mark.parametrize("row", _TABLES["git_ref"], ids=lambda row: row["ref"])
def test_a_reference_is_read_as_in_the_reference_implementation(row: dict[str, Any]):
    """A source is a git reference with these parts, is none, or contradicts itself."""
    if "error" in row:
        with pytest.raises(LanguageError, match=row["error"]):
            parse_git_reference(row["ref"])
        return
    found = parse_git_reference(row["ref"])
    parts = found and {
        "Remote": found.remote,
        "ShortName": found.short_name,
        "Ref": found.ref,
        "SubDir": found.subdir,
        "Checksum": found.checksum,
        "FetchByCommit": "true" if found.fetch_by_commit else "",
    }
    assert (parts and {key: value for key, value in parts.items() if value}) == row["expected"]


def test_the_query_sets_what_is_fetched():
    """Switches may stand alone; a checksum without a ref is the ref."""
    found = parse_git_reference("https://example.com/a.git?keep-git-dir&submodules=false&mtime=commit&commit=abcd")
    assert found is not None
    assert (found.keep_git_dir, found.submodules, found.mtime) == (True, False, "commit")
    assert (found.checksum, found.ref) == ("abcd", "abcd")


@pytest.mark.parametrize("text", ["github.com/o/r", "a/b.git", "/a", "git@host", "ftp://a/b.git"])
def test_a_path_is_no_reference(text: str):
    """Without a scheme or the form user@host:path a source is a path of the build context."""
    assert parse_git_reference(text) is None


@pytest.mark.parametrize("text", ["git://host/a", "ssh://git@host/a#main", "git@host:a#main:sub"])
def test_the_protocols_of_git_need_no_suffix(text: str):
    """git://, ssh:// and user@host:path are references whatever their path."""
    found = parse_git_reference(text)
    assert found is not None
    assert found.short_name == "a"


@pytest.mark.parametrize(
    "query", ["rfe=a", "ref=a&ref=b", "ref=", "submodules=maybe", "mtime=now", "checksum=ab&commit=cd", "tag=a&ref=b"]
)
def test_a_wrong_query_is_refused(query: str):
    """Unknown keys, several values, empty ones and contradictions are errors."""
    with pytest.raises(LanguageError):
        parse_git_reference(f"https://example.com/a.git?{query}")
