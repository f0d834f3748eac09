"""Semantic versions: what node-semver accepts strictly, and their order."""

import pytest

from tagboat.errors import InputError
from tagboat.versions import Version


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        (" v1.2.3 ", "1.2.3"),
        ("1.2.3-rc.1+b5", "1.2.3-rc.1"),
        ("1.2.3+001", "1.2.3"),
        ("9007199254740991.0.0", "9007199254740991.0.0"),
    ],
)
def test_valid(text, written):
    """A strict semantic version is read, with one `v` before it, and written without `v` and build metadata."""
    assert str(Version.parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        *("", "V1.2.3", "=v1.2.3", "vv1.2.3", "v1.2", "1.2.3.4", "2024.01.05", "app-v1.2.3", "1.2.3-01", "1.2.3-"),
        *("\N{ARABIC-INDIC DIGIT ONE}.2.3", "9007199254740992.0.0", "1.2.3-" + "a" * 256),
    ],
)
def test_invalid(text):
    """What node-semver refuses when it is strict is an input error."""
    with pytest.raises(InputError, match="is not a semantic version"):
        Version.parse(text)


def test_order():
    """Versions sort by semver.org's precedence, the build metadata last."""
    written = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.b 1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.0.0+a 1.9.0 1.10.0"
    versions = [Version.parse(text) for text in written.split()]
    assert sorted(versions[1::2] + versions[::2]) == versions
    assert versions[0] <= versions[0] < versions[-1]


def test_text_is_no_part_of_equality():
    """Two spellings of one version are equal."""
    assert Version.parse("v1.2.3") == Version.parse("1.2.3")
