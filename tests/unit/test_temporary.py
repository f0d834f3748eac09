"""Temporary files and folders: gone with their maker, swept when it was killed, and nothing else touched."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagboat import temporary
from tagboat.temporary import (
    _boot_id,
    _is_marked,
    _is_ours,
    _lived_here,
    _reserve,
    lasting_members,
    partial_path,
    replaced_path,
    sweep,
    workspace,
)

SOURCE = Path(__file__).parents[2] / "src"

# Makes and deletes workspaces beside other processes; each must have its own to the end.
BUSY = """
import sys
from contextlib import contextmanager
from pathlib import Path
from tagboat.temporary import workspace
for turn in range(40):
    with workspace(Path(sys.argv[1])) as folder:
        (folder / "file").write_text(str(turn))
        with workspace(Path(sys.argv[1])):
            assert (folder / "file").read_text() == str(turn)
            assert folder.with_name(folder.name + ".lock").exists()
"""

# Is killed while it holds one of each kind.
KILLED = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from tagboat.temporary import partial_path, replaced_path, workspace
here = Path(sys.argv[1])
with workspace(here) as folder, partial_path(here, "out") as partial, replaced_path(here / "out") as aside:
    (folder / "file").write_text("x")
    partial.mkdir()
    (here / "out").rename(aside)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def start(program: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program, str(folder)], env={"PYTHONPATH": str(SOURCE)})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leave(path: Path, mark: bytes | None = None) -> Path:
    """Leave a folder with a lock file that nobody holds, as a killed run does."""
    path.mkdir()
    (path / "file").write_text("x")
    path.with_name(path.name + ".lock").write_bytes(_boot_id() if mark is None else mark)
    return path


@pytest.mark.parametrize("fault", [None, KeyboardInterrupt, RuntimeError])
def test_nothing_outlives_its_block(tmp_path, fault):
    """However the block ends, what lies at the path and what marked it are gone."""
    try:
        with workspace(tmp_path) as folder, partial_path(tmp_path, "out") as partial:
            (folder / "sub").mkdir()
            partial.write_text("x")
            if fault:
                raise fault
    except (KeyboardInterrupt, RuntimeError):
        pass
    assert names(tmp_path) == []


def test_a_workspace_is_private(tmp_path):
    """Nobody else may look into it, whatever the umask."""
    before = os.umask(0)
    try:
        with workspace(tmp_path) as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_what_was_renamed_stays(tmp_path):
    """A file that got its final name is nothing temporary any more."""
    with partial_path(tmp_path, "out") as partial:
        partial.write_text("whole")
        partial.rename(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_a_folder_that_locks_everybody_out_goes_too(tmp_path):
    """Folders of mode 0, as overlayfs makes them, are no obstacle."""
    with workspace(tmp_path) as folder:
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b").chmod(0)
        (folder / "a").chmod(0)
    assert names(tmp_path) == []


# ---------------------------------------------------------------- makers that were killed


def test_the_next_one_sweeps_after_a_killed_one(tmp_path):
    """What a killed process had is deleted before something new is made; what it had moved aside is back."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("x")
    process = start(KILLED, tmp_path)
    assert process.wait(30) == -9
    assert len(names(tmp_path)) == 6
    assert "out" not in names(tmp_path)
    with partial_path(tmp_path, "other"):
        assert [name for name in names(tmp_path) if "other" not in name] == ["out"]
    assert names(tmp_path / "out") == ["old"]


def test_an_old_one_that_was_replaced_is_deleted(tmp_path):
    """What waited aside goes when the new one is in its place."""
    leave(tmp_path / ".out.replaced-abcdefgh")
    (tmp_path / "out").mkdir()
    sweep(tmp_path)
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == []


def test_what_was_moved_aside_comes_back(tmp_path):
    """Where no new one came, the old one is put back, whatever the reason."""
    (tmp_path / "out").write_text("old")
    with pytest.raises(KeyboardInterrupt), replaced_path(tmp_path / "out") as aside:  # noqa: PT012
        (tmp_path / "out").rename(aside)
        raise KeyboardInterrupt
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_text() == "old"


def test_a_lock_file_alone_is_swept(tmp_path):
    """A maker may be killed before it made anything, or after it renamed it."""
    (tmp_path / "tagboat-abcdefgh.lock").write_bytes(b"")
    (tmp_path / ".out.partial-abcdefgh.lock").write_bytes(_boot_id())
    sweep(tmp_path)
    assert names(tmp_path) == []


# ---------------------------------------------------------------- what is not touched


def test_what_lives_is_never_swept(tmp_path):
    """A lock that is held keeps its folder from everybody, in this process and in others."""
    with workspace(tmp_path) as first, workspace(tmp_path) as second:
        sweep(tmp_path)
        assert first.exists()
        assert second.exists()


def test_many_at_once_keep_out_of_each_others_way(tmp_path):
    """Processes that make, sweep and delete in one folder at the same time never lose what is theirs."""
    processes = [start(BUSY, tmp_path) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert names(tmp_path) == []


def test_what_is_not_ours_stays(tmp_path):
    """Other names, folders without a lock file, lock files that nobody signed, links: none is deleted."""
    leave(tmp_path / "tagboat-abcdefgh", mark=b"")
    leave(tmp_path / "tagboat-toolongname")
    leave(tmp_path / "other-abcdefgh")
    leave(tmp_path / "real")
    (tmp_path / "tagboat-23456789").mkdir()
    (tmp_path / "tagboat-zzzzzzzz.lock").symlink_to("real.lock")
    (tmp_path / "tagboat-zzzzzzzz").mkdir()
    (tmp_path / "tagboat-yyyyyyyy.lock").hardlink_to(tmp_path / "real.lock")
    (tmp_path / "tagboat-yyyyyyyy").mkdir()
    before = sorted(tmp_path.rglob("*"))
    sweep(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_belongs_to_others_is_not_ours(tmp_path):
    """Only a regular file of this user is taken for a mark."""
    (tmp_path / "file").touch()
    status = (tmp_path / "file").stat()
    assert _is_ours(status)
    assert not _is_ours(os.stat_result([*status[:4], os.geteuid() + 1, *status[5:10]]))
    assert not _is_ours(tmp_path.stat())


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path):
    """What a link leads to is not deleted."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / "tagboat-abcdefgh").symlink_to("precious")
    (tmp_path / "tagboat-abcdefgh.lock").write_bytes(_boot_id())
    sweep(tmp_path)
    assert names(tmp_path) == ["precious"]
    assert names(tmp_path / "precious") == ["file"]


def test_a_share_may_hide_that_a_run_lives():
    """A free lock of another machine proves nothing on a share, where its holder may be another kernel's."""
    share, disk = os.makedev(0, 33), os.makedev(8, 1)
    assert _lived_here(_boot_id(), share)
    assert _lived_here(b"another kernel\n", disk)
    assert not _lived_here(b"another kernel\n", share)


def test_without_a_folder_there_is_nothing_to_sweep(tmp_path):
    """Sweeping is no fault, whatever is there."""
    sweep(tmp_path / "none")
    (tmp_path / "file").touch()
    sweep(tmp_path / "file")


def test_temporary_things_do_not_count(tmp_path):
    """What has a lock file beside it is no lasting member of a folder."""
    (tmp_path / "kept").touch()
    (tmp_path / ".out.partial-zzzzzzzz").mkdir()
    with partial_path(tmp_path, "out") as partial:
        partial.mkdir()
        assert sorted(path.name for path in lasting_members(tmp_path)) == [".out.partial-zzzzzzzz", "kept"]


# ---------------------------------------------------------------- locks that fail


def test_a_sweep_may_be_quicker(tmp_path):
    """A mark that another holds, or has deleted, is given up for another one."""
    lock, descriptors = tmp_path / "tagboat-abcdefgh.lock", list[int]()
    assert _reserve(lock, descriptors)
    descriptor = descriptors[0]
    second = os.open(lock, os.O_RDWR)
    assert not _is_marked(lock, second)
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    lock.unlink()
    assert not _is_marked(lock, second)
    os.close(second)
    os.close(descriptor)


def test_without_locks_there_is_no_mark(tmp_path):
    """Where files cannot be locked there is no lock file, so that nobody takes a living run for a dead one."""
    lock = tmp_path / "tagboat-abcdefgh.lock"
    lock.touch()
    descriptor = os.open(lock, os.O_PATH)  # cannot be locked
    assert _is_marked(lock, descriptor)
    os.close(descriptor)
    assert names(tmp_path) == []


def test_an_interruption_at_any_moment_leaves_nothing(tmp_path):
    """Wherever in our lines an interruption comes, what was made by then is deleted."""

    def interrupt_at(moment):
        """Interrupt after so many calls and returns: there Python looks for signals. False when there are fewer."""
        seen = 0

        def profile(frame, event, _arg):
            nonlocal seen
            ours = frame.f_code.co_filename == temporary.__file__
            seen += event == "call" or (ours and event == "c_return")
            if seen == moment:
                seen += 1
                raise KeyboardInterrupt

        try:
            with workspace_of(profile):
                pass
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(None)
        return False

    @contextmanager
    def workspace_of(profile):
        sys.setprofile(profile)
        with workspace(tmp_path):
            yield

    moment = 1
    while interrupt_at(moment):
        assert names(tmp_path) == [], moment
        moment += 1
    assert moment > 40
