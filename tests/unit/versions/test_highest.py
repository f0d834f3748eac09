"""Which version is the highest of a line."""

from __future__ import annotations

import pytest

from tagboat.flow.tagset import Scheme, VersionLine
from tagboat.versions import find_higher, versions_within

SEEN = ["v1.2.9", "1.2.10", "1.3.0", "2.0.0", "3.0.0-rc.1", "2", "1.2", "main", "sha-1234567", "20241101"]


@pytest.mark.parametrize(
    ("line", "higher"),
    [
        (VersionLine(version="1.2.9", major=1, minor=2), "1.2.10"),
        (VersionLine(version="v1.2.10", major=1, minor=2), ""),
        (VersionLine(version="1.2.11", major=1), "1.3.0"),
        (VersionLine(version="1.3.0", major=1), ""),
        (VersionLine(version="1.3.0"), "2.0.0"),
        (VersionLine(version="2.0.0"), ""),
        (VersionLine(version="2.0.0+build.7"), ""),
        (VersionLine(version="3.0.0-beta.1"), "3.0.0-rc.1"),
        (VersionLine(version="3.0.0-beta.1", channel="beta"), ""),
        (VersionLine(version="1.0", major=1, scheme=Scheme.PEP440), "1.3.0"),
        (VersionLine(version="1.3", scheme=Scheme.PEP440, major=1, minor=3), ""),
    ],
)
def test_the_highest_of_a_line(line, higher):
    """A name belongs to the highest final version that it stands for; prereleases count among themselves."""
    assert find_higher(line, SEEN) == higher


def test_a_channel_has_its_own_order():
    """A beta is kept back by a later beta, by no candidate and by no final version."""
    line = VersionLine(version="1.0.0-beta.1", channel="beta")
    assert find_higher(line, ["1.0.0", "1.0.0-rc.1", "1.0.0-alpha.9"]) == ""
    assert find_higher(line, ["1.0.0-beta.2", "1.0.0-beta.10"]) == "1.0.0-beta.10"


def test_pep440_has_its_own_order():
    """Epochs and post-releases count as PEP 440 says."""
    line = VersionLine(version="1.0", scheme=Scheme.PEP440)
    assert find_higher(line, ["1.0.post1", "1.0rc1", "0.9"]) == "1.0.post1"
    assert find_higher(line, ["2.0rc1", "1!0.1"]) == "1!0.1"


def test_what_surrounds_versions():
    """Only names with both ends hold a version of the line: `1.2.3-alpine` is none of the plain image."""
    names = ["app-v1.2.3", "app-v1.2.4-slim", "v9.0.0", "app-v2.0.0-slim"]
    assert list(versions_within(names, "app-", "-slim")) == ["v1.2.4", "v2.0.0"]
    assert list(versions_within(["ab"], "ab", "b")) == []
