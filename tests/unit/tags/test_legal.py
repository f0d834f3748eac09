"""Legal tags."""

import pytest

from tagboat.tags.legal import legal_tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("v1.2.3", "v1.2.3"),
        ("feat/a&b", "feat-a-b"),
        ("fé日本-x", "f--x"),
        ("-abc", "abc"),
        (".-.abc", "abc"),
        ("_x", "_x"),
        ("a-.b-", "a-.b-"),
        ("", None),
        ("-", None),
        ("日本", None),
    ],
)
def test_legal(text, tag):
    """A run of illegal characters becomes one dash, and no tag begins with a dash or dot."""
    assert legal_tag(text) == tag


def test_longest_stays():
    """128 characters are not too many."""
    assert legal_tag("a" * 128) == "a" * 128


def test_too_long_texts_stay_apart():
    """Two long texts that differ at the end give two tags of 128 characters."""
    one, other = legal_tag("a" * 128 + "1"), legal_tag("a" * 128 + "2")
    assert len(one) == len(other) == 128
    assert one != other
