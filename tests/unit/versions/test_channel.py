"""The channel of a version."""

import pytest

from tagboat.errors import InputError
from tagboat.versions.channel import release_channel


@pytest.mark.parametrize(
    ("version", "channel"),
    [
        ("1.2.3", ""),
        ("1.2.3-beta.4", "beta"),
        ("v1.2.3-Rc1", "rc"),
        ("1.2.3-2", "next"),
        ("1.2.3-x86.alpha", "x"),
        ("1.2c1", "rc"),
        ("1!2.0a1", "alpha"),
        ("2!1.0", ""),
        ("1.0.dev1+a", "dev"),
    ],
)
def test_release_channel(version, channel):
    """The channel is the first word of the prerelease in lower case, next for numbers alone, empty for final ones."""
    assert release_channel(version) == channel


def test_no_version():
    """What no scheme reads has no channel."""
    with pytest.raises(InputError):
        release_channel("main")
