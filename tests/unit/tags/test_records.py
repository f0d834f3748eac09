"""How list inputs are cut."""

import pytest

from tagboat.tags.records import checked_records, split_lines, split_records


def _fields(text):
    return [record.fields for record in split_records(text)]


def test_lines_and_commas():
    """A record is a line, a field ends at a comma; blank lines, BOM and CR LF do not matter."""
    assert _fields("\ufeffa,b\r\n\r\n  \nc") == [("a", "b"), ("c",)]


def test_comments_may_be_indented():
    """A line whose first sign is `#` is a comment; `#` further right is data."""
    assert _fields("# a\n  \t# b\nc # d\n#") == [("c # d",)]


@pytest.mark.parametrize(
    ("text", "field"),
    [('"a,b"', "a,b"), ('"say ""hi"""', 'say "hi"'), ('"a\nb"', "a\nb"), ('"#a"', "#a"), (' "a,b" ', "a,b")],
)
def test_quotes_are_read_once(text, field):
    """Commas, doubled quotes, line ends and `#` inside quotes belong to the field."""
    assert _fields(f"x,{text},y\nz") == [("x", field, "y"), ("z",)]


@pytest.mark.parametrize("text", ['a"b"', '"a', '"a"b', '{{date "Y"}}'])
def test_stray_quotes_are_faults(text):
    """A quote inside an unquoted field, or one that is not closed, is a fault that names the input."""
    faults = []
    assert [record.fields for record in checked_records(f"x\n{text}", "tags", faults)] == [("x",)]
    assert [fault.problem.startswith("tags: ") for fault in faults] == [True]


def test_whole_line_in_quotes_can_be_unwrapped():
    """The doubled quoting that metadata-action's users need is understood."""
    (record,) = split_records('"type=match,""pattern=v(\\d{1,3})"",group=1"')
    assert record.unwrapped().fields == ("type=match", "pattern=v(\\d{1,3})", "group=1")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("k=a, b ,c", ("k=a, b ,c",)),
        ('k="v"', ('k="v"',)),
        ('"k=v,w"', ("k=v,w",)),
        ('j=["x","y","z"]', ('j=["x","y","z"]',)),
        ('j={"a":1,"b":[1,2]}', ('j={"a":1,"b":[1,2]}',)),
        ('  a=1 \n # c\n\n"b=1\n2"', ("a=1", "b=1\n2")),
    ],
)
def test_label_lines_stay_as_they_are(text, lines):
    """A KEY=VALUE line keeps commas and quotes, unless it begins with a quoted field."""
    assert split_lines(text) == lines
