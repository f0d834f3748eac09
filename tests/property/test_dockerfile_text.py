"""Laws of the Dockerfile language that hold for any text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagboat.dockerfile import parse_dockerfile
from tagboat.dockerfile.expand import ExpansionError, expand, expand_fully
from tagboat.dockerfile.heredoc import find_heredocs
from tagboat.dockerfile.lexer import lex
from tagboat.errors import TagboatError

_PIECES = st.sampled_from(
    [*"${}:-+?#%/\\'\" \tab=*<>\n\r[],", "FROM a\n", "RUN ", "COPY ", "ENV ", "<<E", "\nE\n", "\\\n"]
)
_TEXTS = st.lists(_PIECES, max_size=30).map("".join)
_PLAIN = st.text(st.characters(exclude_characters="$'\"\\", exclude_categories=["Cs"]))


@given(_TEXTS)
def test_any_text_is_read_or_refused_with_places(text: str):
    """A Dockerfile parses, or fails with our errors, each at a line of the file."""
    try:
        parse_dockerfile(f"FROM a\n{text}".encode(), "Dockerfile")
    except TagboatError as error:
        for fault in getattr(error, "faults", (error,)):
            assert 1 <= fault.location.line <= text.count("\n") + 2
            assert fault.exit_code == 4


@given(st.binary(max_size=200))
def test_any_bytes_are_lexed_or_refused(text: bytes):
    """No bytes make the lexer fail in another way than by saying what is wrong."""
    lexed = lex(text, "Dockerfile")
    assert lexed.lines or lexed.faults


@given(_TEXTS)
def test_instructions_do_not_overlap(text: str):
    """Instructions lie one after the other in the file."""
    lines = lex(text.encode(), "Dockerfile").lines
    ends = [line.location.end_line for line in lines]
    assert all(end < line.location.line for end, line in zip(ends, lines[1:], strict=False))


@given(_PLAIN)
def test_plain_text_expands_to_itself(text: str):
    """Without `$`, quotes and escapes nothing changes."""
    assert expand(text, {}) == text


@given(_TEXTS, st.dictionaries(st.sampled_from("ab"), st.text("ab*? '\"$\\", max_size=5)))
def test_an_expansion_tells_the_variables_it_met(text: str, environment: dict[str, str]):
    """An expansion gives a text and the names it met, or our error; each name met is set or unset."""
    try:
        expansion = expand_fully(text, environment)
    except ExpansionError:
        return
    assert expansion.used <= environment.keys()
    assert not expansion.unset & environment.keys()


@given(st.text("ab$*?'\" \\", max_size=10))
def test_a_value_is_taken_as_it_is(value: str):
    """The value of a variable is neither expanded nor unquoted."""
    assert expand("$a", {"a": value}) == value
    assert expand('"${a}"', {"a": value}) == value


@given(_TEXTS)
def test_finding_heredocs_never_fails_on_text_without_quotes(text: str):
    """Only quotes can make a heredoc word wrong."""
    for heredoc in find_heredocs(text.replace("'", "").replace('"', "")):
        assert heredoc.name
        assert heredoc.expand
