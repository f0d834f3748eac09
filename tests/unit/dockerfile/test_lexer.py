"""Physical lines to instructions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagboat.dockerfile.grammar import FROM_RULE, RULES
from tagboat.dockerfile.lexer import MAXIMUM_LINE_BYTES, LogicalLine, lex

_TABLES = json.loads((Path(__file__).parents[2] / "fixtures/language/parser.json").read_text(encoding="utf-8"))[
    "tables"
]


def _quoted(text: str) -> str:
    """Write a text as Go does, for texts without anything that JSON escapes differently."""
    return json.dumps(text, ensure_ascii=False)


def _dump(line: LogicalLine, escape: str) -> str:
    """Write an instruction as the reference's tree dump does."""
    rule = FROM_RULE if line.keyword == "FROM" else RULES[line.keyword]
    flags = [f"[{' '.join(map(_quoted, line.flags))}]"] if line.flags else []
    words = [_quoted(word) for word in rule.shape(line.arguments, escape).words]
    return f"({' '.join([line.keyword.lower(), *flags, *words])})\n"


def _texts(dockerfile: str) -> list[str]:
    lexed = lex(dockerfile.encode(), "Dockerfile")
    assert not lexed.faults
    return [line.original for line in lexed.lines]


@pytest.mark.parametrize("row", _TABLES["positive"], ids=lambda row: row["name"])
def test_a_file_is_read_as_in_the_reference(row: dict[str, str]):
    """Every instruction has the keyword, flags and arguments that the reference's tree has."""
    lexed = lex(row["dockerfile"].encode(), "Dockerfile")
    assert not lexed.faults
    assert "".join(_dump(line, lexed.directives.escape) for line in lexed.lines) == row["sexp"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a \\\n  b", ["RUN a   b"]),
        ("RUN a \\\n# note\n\n  b", ["RUN a   b"]),
        ("RUN a \\  \t\nb", ["RUN a b"]),
        ("RUN a \\\\\nRUN b", ["RUN a \\\\", "RUN b"]),
        ("RUN a \\\\\\\nRUN b", ["RUN a \\\\\\", "RUN b"]),
        ("RUN a # b", ["RUN a # b"]),
        ("  # comment\n  RUN a", ["RUN a"]),
        ("RUN a \\", ["RUN a"]),
        ("RUN a \\\r\n b\r\nRUN c\r\n", ["RUN a  b", "RUN c"]),
        ("# escape=`\nRUN a `\n b\\\nRUN c", ["RUN a  b\\", "RUN c"]),
        ("\\\nRUN a", ["RUN a"]),
    ],
)
def test_continuations_are_joined(text: str, expected: list[str]):
    """A line that ends in the escape character goes on; comments and empty lines in between do not count."""
    assert _texts(text) == expected


def test_the_place_of_an_instruction_spans_its_lines():
    """An instruction lies from its first line to the last, heredoc bodies included."""
    lexed = lex(b"FROM a\n\nRUN b \\\n  c\nCOPY <<E /x\none\nE\n", "Dockerfile")
    assert [(line.location.line, line.location.end_line) for line in lexed.lines] == [(1, 1), (3, 4), (5, 7)]
    assert lexed.lines[1].location.text == "RUN b \\"


def test_a_fragment_is_found_in_its_line():
    """A place in an instruction is the line and column where the fragment first stands, else the instruction."""
    line = lex(b"FROM a\nRUN b \\\n  --oops\n", "Dockerfile").lines[1]
    place = line.place("--oops")
    assert (place.line, place.column, place.end_line, place.text) == (3, 3, 3, "  --oops")
    assert line.place("absent") == line.location == line.place()


def test_a_whole_word_is_preferred_to_a_part():
    """A caret points at the word that is meant, not at an earlier word that holds it."""
    line = lex(b"ENV ab=1 bc=2 b", "Dockerfile").lines[0]
    assert [line.place(word).column for word in ("b", "bc", "c=2")] == [15, 10, 11]


def test_keywords_are_in_any_case_of_ascii():
    """Keywords are read in any case, but no other letter stands for one of theirs."""
    lines = lex("From a\nu\u017fer b\n".encode(), "Dockerfile").lines
    assert [line.keyword for line in lines] == ["FROM", "u\u017fer"]


def test_comments_right_above_belong_to_an_instruction():
    """A blank line or an empty comment ends a run of comments; directives are none."""
    text = b"# check=skip=all\n# gone\n\n# one\n#two\nFROM a\n# gone\n#\n# kept\nRUN b\nRUN c"
    lines = lex(text, "Dockerfile").lines
    assert [line.comments for line in lines] == [("one", "two"), ("kept",), ()]


def test_a_heredoc_keeps_the_line_ends_of_its_body():
    """The carriage returns of a body are data; that of the terminator is not."""
    lexed = lex(b"COPY <<E /x\r\none\r\nE\r\n", "Dockerfile")
    assert lexed.lines[0].heredocs[0].content == "one\r\n"


def test_heredocs_belong_to_three_instructions_and_not_to_json():
    """Only RUN, COPY and ADD in their plain form, also behind ONBUILD, hold heredocs."""
    text = 'ENV a <<E\nRUN ["a", "<<E"]\nONBUILD RUN <<E\nbody\nE\n'
    assert [len(line.heredocs) for line in lex(text.encode(), "Dockerfile").lines] == [0, 0, 1]


def test_a_heredoc_without_its_end_is_an_error():
    """The message names the heredoc and the lines from the word to the end of the file."""
    fault = lex(b"FROM a\nRUN <<EOF\necho\n", "Dockerfile").faults[0]
    assert "<<EOF is not terminated" in str(fault)
    assert fault.location is not None
    assert (fault.location.line, fault.location.end_line) == (2, 3)


@pytest.mark.parametrize("text", [b"", b"\n\n", b"# only\n# comments\n", b"\xef\xbb\xbf"])
def test_a_file_without_instructions_is_an_error(text: bytes):
    """Nothing to build is said, not passed over."""
    assert [fault.problem for fault in lex(text, "Dockerfile").faults] == ["the file has no instructions"]


def test_a_physical_line_has_a_limit():
    """65535 bytes are read, one more is an error that names the limit."""
    head = b"RUN "
    longest = head + b"a" * (MAXIMUM_LINE_BYTES - len(head))
    assert not lex(longest + b"\n", "Dockerfile").faults
    fault = lex(b"FROM a\n" + longest + b"a\n", "Dockerfile").faults[0]
    assert str(fault) == "Dockerfile:2: the line is longer than 65535 bytes"


def test_text_in_another_encoding_is_an_error():
    """A file that is not UTF-8 is refused at the line where that shows."""
    fault = lex("FROM a\nRUN ü".encode("latin-1"), "Dockerfile").faults[0]
    assert str(fault) == "Dockerfile:2: the file is not UTF-8 text"
