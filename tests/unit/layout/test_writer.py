"""Layouts put in their place whole."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagboat.errors import InputError, LayoutError
from tagboat.layout.blobs import BlobStore
from tagboat.layout.reader import open_layout
from tagboat.layout.replace import replace_members
from tagboat.layout.validate import validate_layout
from tagboat.layout.writer import LayoutWriter, check_output, clear_leftovers, named_roots, write_archive
from tagboat.oci.descriptor import Descriptor
from tagboat.temporary import _boot_id, partial_path


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


@pytest.mark.parametrize("output", ["out", "out.tar"])
def test_builds_at_once_all_succeed(tmp_path, layout, make_image, output):
    """Several builds into one output take turns: the last wins, and nothing else is left."""
    here = tmp_path / "here"
    here.mkdir()

    def write_often(text: str) -> None:
        for _ in range(15):
            if output.endswith(".tar"):
                write_archive(layout, here / output)
            else:
                write(here / output, make_image, text)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(write_often, ["one", "two", "three"]))
    assert validate_layout(here / output) == []
    assert listing(here)[0] == output
    assert [path.name for path in here.iterdir()] == [output]


def test_a_build_that_was_killed_loses_no_layout(tmp_path, make_image):
    """A kill between the two renames leaves the old layout aside; the next look at the place puts it back."""
    old = greeting(write(tmp_path / "out", make_image, "old"))
    (tmp_path / "out").rename(tmp_path / ".out.replaced-abcdefgh")
    write(tmp_path / ".out.partial-abcdefgh", make_image, "new")
    for name in ("replaced", "partial"):
        (tmp_path / f".out.{name}-abcdefgh.lock").write_bytes(_boot_id())
    clear_leftovers(tmp_path / "out")
    assert greeting(tmp_path / "out") == old
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# ---------------------------------------------------------------- mount points: members, not the folder itself


@pytest.fixture
def partial(tmp_path, make_image):
    """Return a function that puts a new layout into a folder, as one in the making there."""
    return lambda folder, text="new": write(tmp_path / text, make_image, text).rename(folder / f".{text}")


def test_a_mount_point_is_filled(layout, partial):
    """A folder that is mounted, as by `docker run -v`, cannot be renamed: its members are replaced."""
    (layout / "extra").mkdir()
    (layout / "blobs" / "sha256" / "extra").touch()
    old = greeting(layout)
    new = partial(layout)
    replace_members(new, layout)
    shutil.rmtree(new)
    assert greeting(layout) != old
    assert validate_layout(layout) == []
    assert sorted(path.name for path in layout.iterdir()) == ["blobs", "index.json", "oci-layout"]


def test_what_others_make_in_a_mount_point_stays(layout, partial):
    """The layout of a build that goes on at the same time is not swept away."""
    with partial_path(layout, "out") as other:
        other.mkdir()
        replace_members(partial(layout), layout)
        assert other.is_dir()


def test_a_mount_point_that_cannot_be_filled_is_as_it_was(tmp_path, layout, partial):
    """A fault on the way leaves the old layout whole, and an empty folder empty."""
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", layout):
        before = set(folder.iterdir())
        new = partial(folder)
        (new / "index.json").unlink()
        with pytest.raises(FileNotFoundError):
            replace_members(new, folder)
        shutil.rmtree(new)
        assert set(folder.iterdir()) == before
    assert [fault for fault in validate_layout(layout) if "left over" not in fault] == []


def test_a_mount_point_filled_in_part_is_no_obstacle(tmp_path, layout):
    """After a kill there is a header without an index, and what was in the making: the next build may go on."""
    (layout / "index.json").unlink()
    check_output(layout)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".out.partial-abcdefgh").mkdir()
    (tmp_path / "empty" / ".out.partial-abcdefgh.lock").touch()
    check_output(tmp_path / "empty")


def test_builds_at_once_fill_a_mount_point_in_turn(tmp_path, partial, make_image):
    """Each layout that is put into the folder is whole, also when two come at the same time."""
    (tmp_path / "disk").mkdir()
    made = [partial(tmp_path / "disk", text) for text in ("one", "two", "three", "four")]
    marks = [path.with_name(path.name + ".partial-abcdefgh") for path in made]
    for path, mark in zip(made, marks, strict=True):
        path.rename(mark)
        mark.with_name(mark.name + ".lock").touch()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda mark: replace_members(mark, tmp_path / "disk"), marks))
    for mark in marks:
        shutil.rmtree(mark)
        mark.with_name(mark.name + ".lock").unlink()
    assert validate_layout(tmp_path / "disk") == []
