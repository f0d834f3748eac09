"""A folder and an archive are read alike."""

from __future__ import annotations

import tarfile

import pytest

from tagboat.errors import LayoutError
from tagboat.layout.medium import open_medium


@pytest.fixture(params=["folder", "archive"])
def medium(request, tmp_path):
    """Put the same two files into a folder and an archive."""
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_bytes(b"one")
    (folder / "sub" / "b").write_bytes(b"three")
    if request.param == "folder":
        return open_medium(folder)
    with tarfile.open(tmp_path / "archive.tar", "w") as archive:
        archive.add(folder, ".")
    return open_medium(tmp_path / "archive.tar")


def test_files_have_names_sizes_and_contents(medium):
    """Names are relative to the top, whatever the archive wrote before them."""
    assert medium.names() == ["a", "sub/b"]
    assert "sub/b" in medium
    assert "sub" not in medium
    assert medium.size_bytes("sub/b") == 5
    with medium.open("sub/b") as stream:
        assert stream.read() == b"three"


def test_a_missing_file_is_a_broken_layout(medium):
    """Neither a missing file's size nor its content can be had."""
    assert "c" not in medium
    with pytest.raises(LayoutError, match=r"\bc\b"):
        medium.open("c")
    with pytest.raises(LayoutError, match=r"\bc\b"):
        medium.size_bytes("c")
