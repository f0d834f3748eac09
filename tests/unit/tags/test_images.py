"""The `images` input."""

import pytest

from tagboat.tags.images import read_images


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("", []),
        ("a/b", ["a/b"]),
        ("a/b, c/d", ["a/b", "c/d"]),
        ("a/b,c/d\ne/f", ["a/b", "c/d", "e/f"]),
        ("name=a/b,enable=false\nname=C/D", ["c/d"]),
        ("NAME = a/b , enable = true", ["a/b"]),
        ("a/b,name=c/d", ["c/d"]),
        ("localhost:5000/User/App", ["localhost:5000/user/app"]),
        ("a/b\nA/B", ["a/b"]),
    ],
)
def test_images(text, images):
    """Images are read in both forms, in lower case, each once, the disabled left out."""
    faults = []
    assert [image.familiar for image in read_images(text, faults)] == images
    assert not faults


@pytest.mark.parametrize(
    "line", ["name=,enable=true", "name=a/b,enable=yes", "name=a/b,foo=1", "a/b:1.0", "a b", "enable=true"]
)
def test_faults(line):
    """A line that is no image is a fault that names the input and the line."""
    faults = []
    assert [str(image) for image in read_images(f"{line}\nok/ok", faults)] == ["docker.io/ok/ok"]
    assert [fault.problem.startswith(f"images: line 1: {line!r}: ") for fault in faults] == [True]
    assert faults[0].hint
