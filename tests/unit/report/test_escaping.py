"""Text of users does not act as anything but text."""

from __future__ import annotations

import pytest

from tagboat.report.escaping import clipped, code, command_data, command_property, harmless, markdown, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 漢 🚢", "plain ä 漢 🚢"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\u202eb", r"a\u202eb"),
        ("not utf-8: \udcff", r"not utf-8: \udcff"),
    ],
)
def test_unprintable_characters_are_shown_as_escapes(text, shown):
    """No control code, line end, bidi override or lone surrogate reaches a reader as itself."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    "line",
    ["::error::x", "  ::error::x", "\u2003::set-output name=a::b", "a ##[add-mask]b", "##[command]::x", "::##[x]"],
)
def test_no_line_is_taken_for_a_command(line):
    """A line that the runner would obey begins with another character and holds no command of the older form."""
    safe = harmless(line)
    assert not safe.lstrip().startswith("::")
    assert "##[" not in safe
    assert safe.replace("\\", "") == line


def test_a_line_without_a_command_stays_as_it_is():
    """Two colons inside a line mean nothing to the runner."""
    assert harmless("a::b::c [x] ##") == "a::b::c [x] ##"


def test_command_values_are_escaped_as_the_runner_reads_them():
    """The runner turns %25, %0D, %0A, %3A and %2C back; a text that holds such a code comes out as it went in."""
    assert command_data("50%\r\n%0A: ,") == "50%25%0D%0A%250A: ,"
    assert command_property("a:b,c%\n") == "a%3Ab%2Cc%25%0A"


def test_markdown_has_no_mark_left():
    """In a table's cell no character of a text begins a tag, a link, a code span or a new cell."""
    assert markdown("a|b `c` <i> [d](e) *f* _g_ \\| $h$\n# i") == (
        "a&#124;b &#96;c&#96; &#60;i&#62; &#91;d&#93;(e) &#42;f&#42; &#95;g&#95; &#92;&#124; &#36;h&#36;&#92;n&#35; i"
    )


def test_long_texts_are_cut_before_they_are_escaped():
    """The limit counts characters of the text, so that no entity is cut in half."""
    assert markdown("<" * 10, limit=3) == "&#60;&#60;…"
    assert clipped("abc", 3) == "abc"


def test_empty_code_is_nothing():
    """An absent value leaves an empty cell."""
    assert code("") == ""
    assert code("a") == "<code>a</code>"
