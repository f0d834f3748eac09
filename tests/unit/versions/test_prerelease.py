"""What counts as a prerelease, by the name of a tag alone."""

import pytest

from tagboat.versions import is_prerelease


@pytest.mark.parametrize(
    "name",
    [
        "v1.0.0-beta",
        "v1.0.0-0",
        "1.0.dev3",
        "1.0a1",
        "20200110-RC2",
        "release-7-RC1",
        "app/v1.2.3-rc.1",
        "v2-preview",
        "x-SNAPSHOT",
    ],
)
def test_prerelease(name):
    """Semver's and PEP 440's prereleases are ones, and so are other names with a word such as rc or beta."""
    assert is_prerelease(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "v1.2.3",
        "v1.2.3+rc1",
        "2024.01.05",
        "march-2024",
        "release1",
        "p1/v1.0.0",
        "1.2.post1",
        "alphabet-1",
        "app_1+beta",
    ],
)
def test_final(name):
    """A word that only contains rc or beta, build metadata and post-releases make no prerelease."""
    assert not is_prerelease(name)
