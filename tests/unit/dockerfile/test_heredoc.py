"""Heredoc words, bodies and scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.heredoc import Heredoc, find_heredocs, shell_script
from tagboat.dockerfile.lexer import lex

_FILE = Path(__file__).parents[2] / "fixtures/language/misc.json"
_TABLES = json.loads(_FILE.read_text(encoding="utf-8"))["tables"]
_DOCUMENT = _TABLES["heredoc_document"][0]


@pytest.mark.parametrize("row", _TABLES["heredoc_word"], ids=lambda row: row["word"])
def test_a_word_opens_a_heredoc_as_in_the_reference(row: dict[str, Any]):
    """A word opens a heredoc with its name, opens none, or has quotes that do not match."""
    if row["is"] == "error":
        with pytest.raises(LanguageError, match="do not match"):
            Heredoc.parse(row["word"])
        return
    heredoc = Heredoc.parse(row["word"])
    assert (f"valid_name_{heredoc.name}" if heredoc else "not_heredoc") == row["is"]


@pytest.mark.parametrize(("line", "names"), _TABLES["heredocs_from_line"])
def test_a_line_opens_heredocs_as_in_the_reference(line: str, names: list[str]):
    """Only unquoted words of a line open heredocs, in their order."""
    assert [heredoc.name for heredoc in find_heredocs(line)] == names


def test_a_document_holds_the_heredocs_of_the_reference():
    """Every heredoc of the reference's document has its name, body and form, in its instruction."""
    lexed = lex(_DOCUMENT["dockerfile"].encode(), "Dockerfile")
    assert not lexed.faults
    # The line after USER is an instruction to the lexer, and stands in the reference's list too.
    found = [
        [
            {"name": doc.name, "content": doc.content, "expand": doc.expand, "chomp": doc.chomp, "fd": doc.descriptor}
            for doc in line.heredocs
        ]
        or None
        for line in lexed.lines[1:]
    ]
    assert found == _DOCUMENT["expected_from_second_instruction"]


def test_a_line_with_an_open_quote_holds_no_heredoc():
    """Where the quotes of a line do not match, << is text for the shell."""
    assert find_heredocs("RUN echo it's <<EOF") == []


def test_the_dash_removes_leading_tabs_from_the_text_alone():
    """`<<-` drops tabs at the start of each line of the text; the body stays as written."""
    heredoc = Heredoc(name="EOF", content="\tone\n\t\ttwo\n  three\n", chomp=True)
    assert heredoc.text == "one\ntwo\n  three\n"


def test_a_heredoc_alone_is_the_script():
    """RUN with nothing but a heredoc runs its text."""
    script = shell_script("<<-EOF", [Heredoc(name="EOF", content="\techo a\n", chomp=True)])
    assert (script.text, script.file) == ("echo a\n", None)


def test_a_heredoc_that_starts_with_an_interpreter_is_a_program():
    """A body that begins with #!, leading tabs taken off where `<<-` says so, is run as a file of its own."""
    for heredoc in (
        Heredoc(name="EOF", content="#!/usr/bin/python3\n"),
        Heredoc(name="EOF", content="\t#!/usr/bin/python3\n", chomp=True),
    ):
        script = shell_script("<<EOF", [heredoc])
        assert (script.text, script.file) == ("/dev/pipes/EOF", heredoc)


def test_anything_around_a_heredoc_goes_to_the_shell():
    """With other words on the line the shell gets line, bodies and terminators, and reads them itself."""
    heredocs = [Heredoc(name="A", content="1\n"), Heredoc(name="B", content="")]
    assert shell_script("cat <<A - <<B >f", heredocs).text == "cat <<A - <<B >f\n1\nA\nB"
    assert shell_script("echo a", []).text == "echo a"
