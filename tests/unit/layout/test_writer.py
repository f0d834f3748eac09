"""Layouts put in their place whole."""

from __future__ import annotations

import json
import os
import stat
import tarfile

import pytest

from tagboat.errors import InputError, LayoutError
from tagboat.layout.blobs import BlobStore
from tagboat.layout.reader import open_layout
from tagboat.layout.validate import validate_layout
from tagboat.layout.writer import LayoutWriter, _replace_members, check_output, named_roots, write_archive
from tagboat.oci.descriptor import Descriptor


def write(output, make_image, text="hello", names=()):
    with LayoutWriter(output) as writer:
        return writer.commit(named_roots(make_image(writer.blobs, text), names))


def greeting(layout):
    return open_layout(layout).index.manifests[0].digest


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_layout_has_a_header_an_index_and_blobs(layout):
    """The folder holds what image-layout.md asks for, and nothing else."""
    assert sorted(path.name for path in layout.iterdir()) == ["blobs", "index.json", "oci-layout"]
    assert json.loads((layout / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert validate_layout(layout) == []


def test_each_name_is_an_entry(tmp_path, make_image):
    """Several names of one image are as many entries with one digest; other annotations stay."""
    layout = write(tmp_path / "out", make_image, names=["1", "latest"])
    entries = open_layout(layout).index.manifests
    assert [entry.annotations for entry in entries] == [
        {"org.opencontainers.image.ref.name": name} for name in ("1", "latest")
    ]
    assert len({entry.digest for entry in entries}) == 1
    assert validate_layout(layout) == []


def test_named_roots_keep_annotations(layout):
    """A name comes beside the annotations of the root; without names there is the root alone."""
    root = open_layout(layout).select().with_annotations({"a": "b"})
    assert named_roots(root, []) == (root,)
    assert named_roots(root, ["n"])[0].annotations == {"a": "b", "org.opencontainers.image.ref.name": "n"}


def test_parents_of_the_output_are_made(tmp_path, make_image):
    """An output may lie in folders that are not there yet."""
    assert validate_layout(write(tmp_path / "a" / "b" / "out", make_image)) == []


def test_an_empty_folder_gives_way(tmp_path, make_image):
    """An existing empty folder becomes the layout."""
    (tmp_path / "out").mkdir()
    assert validate_layout(write(tmp_path / "out", make_image)) == []
    assert listing(tmp_path)[0] == "out"


def test_an_older_layout_is_replaced_whole(tmp_path, make_image):
    """Nothing of the layout before is left, in its folder or beside it."""
    out = write(tmp_path / "out", make_image, "old")
    (out / "extra").write_text("of the old one")
    old = greeting(out)
    assert greeting(write(out, make_image, "new")) != old
    assert validate_layout(out) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_a_failure_leaves_everything_as_it_was(tmp_path, make_image, fault):
    """A build that fails or is interrupted leaves the old layout and no file beside it."""
    out = write(tmp_path / "out", make_image, "old")
    before = listing(tmp_path)

    def fail(blobs: BlobStore, text: str) -> Descriptor:
        make_image(blobs, text)
        raise fault

    for output in (out, tmp_path / "none"):
        with pytest.raises(fault):
            write(output, fail)
        assert listing(tmp_path) == before


def test_an_output_that_filled_up_meanwhile_is_not_lost(tmp_path, make_image):
    """What somebody put at the output during the build is refused, not deleted."""
    out = tmp_path / "out"

    def somebody_else_writes_too(blobs: BlobStore, text: str) -> Descriptor:
        out.mkdir()
        (out / "precious").write_text("data")
        return make_image(blobs, text)

    with pytest.raises(InputError, match="not an image layout"):
        write(out, somebody_else_writes_too)
    assert listing(tmp_path) == ["out", "out/precious"]


def test_an_output_behind_a_symlink_stays_there(tmp_path, make_image):
    """A symlink to the output is followed and kept."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", make_image)
    assert (tmp_path / "link").is_symlink()
    assert validate_layout(tmp_path / "real") == []


def test_modes_do_not_depend_on_the_umask(tmp_path, make_image):
    """Folders are 0755 and files 0644, whatever the umask of the build."""
    before = os.umask(0o077)
    try:
        out = write(tmp_path / "out", make_image)
        write_archive(out, tmp_path / "out.tar")
    finally:
        os.umask(before)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (out, *out.rglob("*"), tmp_path / "out.tar")}
    assert modes == {True: 0o755, False: 0o644}


def test_what_is_no_layout_is_refused_before_any_work(tmp_path):
    """A folder with other files, a file, a dangling link or a folder called .tar is not written over."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("data")
    (tmp_path / "file").write_text("data")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "text.tar").write_text("data")
    for name in ("full", "file", "dangling", "folder.tar", "text.tar"):
        with pytest.raises(InputError, match=f"output: .*{name}"):
            check_output(tmp_path / name)
    with pytest.raises(InputError):
        LayoutWriter(tmp_path / "full")


def test_what_may_be_replaced_is_accepted(tmp_path, layout):
    """Nothing, an empty folder or file, a layout and an archive are fine."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.tar").write_bytes(b"")
    write_archive(layout, tmp_path / "full.tar")
    for name in ("nothing", "nothing.tar", "empty", "empty.tar", "layout", "full.tar"):
        check_output(tmp_path / name)


def test_an_archive_is_a_layout_in_a_tar(tmp_path, layout):
    """The archive lists header, index and sorted blobs, without times or owners, and is valid."""
    write_archive(layout, tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar", "r:") as archive:
        members = archive.getmembers()
    names = [member.name for member in members]
    assert names[:4] == ["oci-layout", "index.json", "blobs", "blobs/sha256"]
    assert names[4:] == sorted(names[4:])
    assert {(member.mtime, member.uid, member.gid) for member in members} == {(0, 0, 0)}
    assert validate_layout(tmp_path / "a.tar") == []


def test_an_archive_depends_on_the_layout_alone(tmp_path, layout):
    """Two archives of one layout are equal, the second over the first; nothing is left beside them."""
    write_archive(layout, tmp_path / "a.tar")
    first = (tmp_path / "a.tar").read_bytes()
    os.utime(layout / "index.json", (1, 1))
    write_archive(layout, tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "layout"]


def test_an_archive_that_fails_leaves_nothing(tmp_path, layout):
    """A layout that cannot be read gives no archive."""
    blob = next((layout / "blobs" / "sha256").iterdir())
    blob.unlink()
    blob.symlink_to("nowhere")
    before = listing(tmp_path)
    with pytest.raises(LayoutError, match="cannot be read"):
        write_archive(layout, tmp_path / "a.tar")
    assert listing(tmp_path) == before


def test_a_mount_point_is_filled(tmp_path, layout, make_image):
    """A folder that is mounted, as by `docker run -v`, cannot be renamed: its members are replaced."""
    (layout / "extra").mkdir()
    old = greeting(layout)
    partial = write(tmp_path / "new", make_image, "new").rename(layout / ".partial")
    _replace_members(partial, layout)
    assert greeting(layout) != old
    partial.rmdir()
    assert validate_layout(layout) == []
    assert sorted(path.name for path in layout.iterdir()) == ["blobs", "index.json", "oci-layout"]
