"""What a command changed on disk."""

from __future__ import annotations

import os
import socket
import stat
import time
from dataclasses import replace

import pytest

from tagboat.errors import MachineError
from tagboat.layers.changes import FileContent, Kind
from tagboat.layers.scan import Snapshot, changed_since, scan_upper, take_snapshot

TWO_CLOCK_STEPS_SECONDS = 0.021  # the clock of the files may be a step behind
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can note things for overlayfs")


def told(entries) -> list[str]:
    return [f"-{entry.path}" if entry.kind is Kind.WHITEOUT else entry.path for entry in entries]


@pytest.fixture
def root(tmp_path):
    """Return a folder with files, folders and hard links in it."""
    root = tmp_path / "root"
    for folder in ("a/b", "c"):
        (root / folder).mkdir(parents=True)
    for name in ("a/b/file", "a/one", "c/file"):
        (root / name).write_text(name)
    (root / "c" / "two").hardlink_to(root / "a" / "one")
    return root


@pytest.fixture
def settled(root):
    """Return a snapshot of the folder that was taken when the clock had gone on."""
    time.sleep(TWO_CLOCK_STEPS_SECONDS)
    return take_snapshot(str(root))


# ---------------------------------------------------------------- upper directories


def test_an_upper_directory_is_told_as_a_walk_goes(tmp_path):
    """The root comes first, parents before what is in them, names by their bytes."""
    for name in ("a/x", "a-/y", "a.b", "ä", "\udcff"):
        (tmp_path / name).mkdir(parents=True)
    assert told(scan_upper(str(tmp_path))) == ["", "a", "a/x", "a-", "a-/y", "a.b", "ä", "\udcff"]


def test_an_entry_says_all_that_a_layer_holds(tmp_path):
    """Mode, owner, whole seconds, size, content and attributes are those of the file."""
    path = tmp_path / "f"
    path.write_text("text")
    path.chmod(0o4751)
    os.setxattr(path, "user.x", b"\0")
    os.setxattr(path, "user.overlay.origin", b"note")
    os.utime(path, ns=(-1, -1))
    found = scan_upper(str(tmp_path))[1]
    assert (found.path, found.kind, found.mode, found.size, found.mtime) == ("f", Kind.FILE, 0o4751, 4, -1)
    assert (found.uid, found.gid) == (os.getuid(), path.stat().st_gid)
    assert found.content == FileContent(str(path))
    assert (found.xattrs, found.link_group) == ({"user.x": b"\0"}, None)


def test_a_device_of_zeros_and_a_socket_delete(tmp_path):
    """Overlayfs notes a deletion as device 0:0; what a socket replaced is gone too, as no layer holds the socket."""
    os.mknod(tmp_path / "gone", stat.S_IFCHR)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert told(scan_upper(str(tmp_path))) == ["", "-gone", "-s"]


@pytest.mark.parametrize("value", [b"y", b"x", b""])
@pytest.mark.parametrize("name", ["user.overlay.opaque", pytest.param("trusted.overlay.opaque", marks=needs_root)])
def test_an_opaque_directory_is_followed_by_its_mark(tmp_path, name, value):
    """Only the value y says that a directory hides what lies below it."""
    (tmp_path / "d" / "below").mkdir(parents=True)
    os.setxattr(tmp_path / "d", name, value)
    opaque = [("d", Kind.OPAQUE)] if value == b"y" else []
    found = [(entry.path, entry.kind) for entry in scan_upper(str(tmp_path))]
    assert found == [("", Kind.DIRECTORY), ("d", Kind.DIRECTORY), *opaque, ("d/below", Kind.DIRECTORY)]
    assert all(not entry.xattrs for entry in scan_upper(str(tmp_path)))


@pytest.mark.parametrize("note", ["redirect", "metacopy"])
def test_what_other_mounts_leave_is_refused(tmp_path, note):
    """A directory that was renamed, or a file without its data, cannot be told as a layer."""
    (tmp_path / "d").mkdir()
    os.setxattr(tmp_path / "d", f"user.overlay.{note}", b"/elsewhere")
    with pytest.raises(MachineError, match=f"/d has the attribute user.overlay.{note}"):
        scan_upper(str(tmp_path))


def test_hard_links_share_a_group_of_their_scan(root):
    """Names of one file share a group, which no other file and no other scan has."""
    first, second = ({entry.path: entry.link_group for entry in scan_upper(str(root))} for _ in range(2))
    assert first["a/one"] == first["c/two"] != second["a/one"]
    assert {path for path, group in first.items() if group is not None} == {"a/one", "c/two"}


def test_a_folder_that_is_missing_is_named(tmp_path):
    """What cannot be looked through is a fault of the machine, with its name."""
    for look in (scan_upper, take_snapshot):
        with pytest.raises(MachineError, match="none"):
            look(str(tmp_path / "none"))


# ---------------------------------------------------------------- snapshots


def test_nothing_has_changed_at_once(root, settled):
    """A folder that nobody touched has no changes, also when its files were read."""
    (root / "a" / "one").read_text()
    assert changed_since(settled, str(root)) == []


def test_a_snapshot_leaves_no_trace(root, settled):
    """The file that tells the time is gone, and nothing in the folder has another time."""
    assert [path.name for path in root.parent.iterdir()] == ["root"]
    assert changed_since(settled, str(root)) == []


def test_a_change_that_hides_is_found(root, settled):
    """New bytes of equal length under the old time are a change: the ctime cannot be set."""
    file = root / "c" / "file"
    before = file.stat()
    file.write_text("c/FILE")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert told(changed_since(settled, str(root))) == ["c/file"]


def test_what_came_just_before_is_told(root, settled):
    """What may have changed again in the same step of the clock counts as changed."""
    young = root / "c" / "file"
    assert changed_since(replace(settled, settled_ns=young.stat().st_ctime_ns + 1), str(root)) == []
    assert "c/file" in told(changed_since(replace(settled, settled_ns=young.stat().st_ctime_ns), str(root)))
    assert "c/file" not in told(changed_since(settled, str(root)))


def test_a_file_made_right_before_the_snapshot_is_young(root):
    """Without a pause the newest files are told although they did not change."""
    (root / "new").write_text("new")
    assert "new" in told(changed_since(take_snapshot(str(root)), str(root)))


def test_all_names_of_a_changed_file_are_told(root, settled):
    """A change through one name, and one more name, are told of every name."""
    (root / "c" / "three").hardlink_to(root / "a" / "one")
    found = {entry.path: entry.link_group for entry in changed_since(settled, str(root))}
    assert found.keys() == {"a/one", "c", "c/two", "c/three"}
    assert len({found[path] for path in ("a/one", "c/two", "c/three")}) == 1


def test_an_unchanged_name_is_told_with_a_changed_one(root, settled):
    """Where the system does not stamp a file that gets a name, the names that were there are told all the same."""
    before = {path: status for path, status in settled.statuses.items() if path != "c/two"}
    assert told(changed_since(replace(settled, statuses=before), str(root))) == ["a/one", "c/two"]


def test_of_what_is_gone_the_topmost_is_told(root, settled):
    """A deleted folder is one whiteout, and a folder that became a file is that file alone."""
    for path in ("a/b/file", "c/file", "c/two"):
        (root / path).unlink()
    (root / "a" / "b").rmdir()
    (root / "c").rmdir()
    (root / "c").touch()
    assert told(changed_since(settled, str(root))) == ["", "a", "-a/b", "a/one", "c"]


def test_a_renamed_folder_is_gone_and_new(root, settled):
    """All that a folder holds is told under its new name, though it did not change itself."""
    (root / "a" / "b").rename(root / "d")
    assert told(changed_since(settled, str(root))) == ["", "a", "-a/b", "d", "d/file"]


def test_a_socket_in_place_of_a_file_deletes_it(root, settled):
    """A socket is nothing, so what it replaced is gone."""
    (root / "c" / "file").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "c" / "file"))
        assert told(changed_since(settled, str(root))) == ["c", "-c/file"]


def test_what_is_skipped_does_not_exist(root):
    """A path to skip is neither new nor gone, and neither is what is below it."""
    time.sleep(TWO_CLOCK_STEPS_SECONDS)
    skip = frozenset({"a/b", "c/file"})
    before = take_snapshot(str(root), skip)
    (root / "a" / "b" / "new").touch()
    (root / "c" / "file").write_text("new")
    assert changed_since(before, str(root), skip) == []
    assert not before.statuses.keys() & {"a/b", "a/b/file", "c/file"}


def test_since_nothing_all_is_new(root):
    """Compared with the snapshot of nothing, everything is told."""
    paths = {"" if path == root else str(path.relative_to(root)) for path in [root, *root.rglob("*")]}
    assert set(told(changed_since(Snapshot(), str(root)))) == paths
