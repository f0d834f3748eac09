"""JavaScript's regular expressions."""

import pytest

from tagboat.errors import InputError
from tagboat.tags.regex import Regex


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        (r"v(\d+)", "xv12", ("v12", "12")),
        (r"/V(\d+)/i", "v12", ("v12", "12")),
        (r"/\d+/g", "1.22.3", ("1", "22", "3")),
        (r"/b/y", "ab", ()),
        (r"rel/(\d+)", "rel/12", ("rel/12", "12")),
        (r"(?<year>\d{4})-\k<year>", "2024-2024", ("2024-2024", "2024")),
        (r"(?<=v)\d", "v1", ("1",)),
        (r"(a)|(b)", "b", ("b", None, "b")),
        (r"a$", "a\n", ()),
        (r"/a$/m", "a\nb", ("a",)),
        (r"[$]\$", "$$", ("$$",)),
        (r"[[a]+", "[a", ("[a",)),
        (r"a[^]b", "a\nb", ("a\nb",)),
        (r"\d", "٣", ()),
    ],
)
def test_groups(pattern, text, groups):
    """A match has JavaScript's groups, with flag g all matches."""
    assert Regex.parse(pattern).groups(text) == groups


@pytest.mark.parametrize("pattern", ["(", "v(\\d{1", "/a/q", "/a/gg", "*", "a{99999999999}"])
def test_refused(pattern):
    """A source or a flag that is none is an input error."""
    with pytest.raises(InputError):
        Regex.parse(pattern)


def test_compile_takes_slashes_as_they_are():
    """The source form knows no flags: slashes are signs like others."""
    assert Regex.compile("/a/i").groups("x/a/i") == ("/a/i",)
