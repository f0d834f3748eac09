"""PEP 440 versions."""

import pytest

from tagboat.errors import InputError
from tagboat.versions import PythonVersion


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("v1.2.3rc2", "1.2.3rc2"),
        ("1.0dev4", "1.0.dev4"),
        ("1.2post1", "1.2.post1"),
        ("2024.01.05", "2024.1.5"),
        ("1!2", "1!2"),
    ],
)
def test_normalised(text, normalised):
    """Every spelling of a version has one canonical spelling."""
    assert str(PythonVersion.parse(text)) == normalised


def test_missing_parts_are_zero():
    """A version of two parts has the patch number 0."""
    version = PythonVersion.parse("1.2")
    assert (version.major, version.minor, version.patch) == (1, 2, 0)


def test_pre_and_post():
    """A development release is a prerelease, a post-release is not."""
    assert PythonVersion.parse("1.0.dev4").is_prerelease
    post = PythonVersion.parse("1.0.post4")
    assert (post.is_prerelease, post.is_postrelease) == (False, True)


@pytest.mark.parametrize("text", ["", "foo", "1.2.x", "9" * 5000])
def test_invalid(text):
    """What PEP 440 does not allow is an input error, however long it is."""
    with pytest.raises(InputError, match="is not a PEP 440 version"):
        PythonVersion.parse(text)
