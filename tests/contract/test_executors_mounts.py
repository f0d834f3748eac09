"""What is mounted for a command, and that nothing of it stays, whichever executor mounts it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.building import file, folder, symlink
from tagboat.errors import DockerfileError
from tagboat.executors.command import Bind, Ended, Given, Memory
from tagboat.layers.changes import Entry, Kind

NAMES = Given(target="/etc/resolv.conf", data=b"nameserver 192.0.2.1\n", mode=0o644)
HOSTS = Given(target="/etc/hosts", data=b"127.0.0.1\tlocalhost\n", mode=0o644)
SECRET = b"hunter2-of-the-test"
USUAL = (NAMES, HOSTS)


@pytest.fixture
def held(executor):
    """Make folders to mount: `held(file("a"))` has the root's own entry before it."""
    return lambda *entries: executor.folder_of([folder(""), *entries])


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (folder("etc"),),
        (folder("etc"), file("etc/resolv.conf", "own\n"), file("etc/hosts", "own\n")),
        (folder("etc"), symlink("etc/resolv.conf", "/run/systemd/resolve/stub.conf")),
        (folder("etc"), folder("run"), symlink("etc/resolv.conf", "../run/resolv.conf")),
        (
            folder("etc"),
            folder("run"),
            symlink("etc/resolv.conf", "../run/resolv.conf"),
            file("run/resolv.conf", "own"),
        ),
        (folder("etc"), symlink("etc/resolv.conf", "../../../../etc/real"), file("etc/real", "own\n")),
        (folder("usr"), folder("usr/etc"), symlink("etc", "usr/etc")),
    ],
    ids=["no etc", "neither", "own", "dangling", "relative", "to a file", "above the root", "etc is a link"],
)
def test_names_are_resolved_as_here_and_nothing_of_it_stays(make_stage, entries):
    """The machine's name servers are seen whatever the image has in their place, and that has not changed after it."""
    stage = make_stage(*entries)
    before = list(stage.state.tree.walk())
    ran = stage.run("cat /etc/resolv.conf /etc/hosts", USUAL)
    assert (ran.printed, ran.changes) == (NAMES.data + HOSTS.data, ())
    assert list(stage.state.tree.walk()) == before
    own = stage.run("cat /etc/resolv.conf 2>/dev/null || true").text
    assert own in ("", "own")


def test_what_is_written_beside_a_mount_stays(stage):
    """A folder that was only made for a mount becomes the image's when the command puts something in it."""
    ran = stage.run("echo mine > /etc/mine", USUAL)
    assert list(ran.made) == ["etc/mine"]
    assert stage.read("ls /etc") == "mine"


def test_a_folder_is_bound(stage, held):
    """A bound folder is seen at its place with all it holds, and leaves nothing there."""
    ran = stage.run("cat /src/deep/file", [Bind(source=held(folder("deep"), file("deep/file", "text")), target="/src")])
    assert (ran.text, ran.changes) == ("text", ())
    assert stage.read("ls -d /src 2>/dev/null || echo none") == "none"


def test_a_read_only_folder_cannot_be_written(stage, held, way):
    """Neither a new file nor a change is possible in what is bound read-only; in chroot it is, and no change."""
    ran = stage.run("touch /src/new || rm /src/file", [Bind(source=held(file("file")), target="/src")])
    assert (ran.ended.status, "Read-only" in ran.text, ran.changes) == (
        (0, False, ()) if way == "chroot" else (1, True, ())
    )


def test_what_is_written_to_a_bound_folder_is_no_change(stage, held):
    """A folder bound for writing takes what is written, and the image does not."""
    source = held(file("file", "old"))
    ran = stage.run(
        "echo new > /src/file; touch /src/more; ls /src", [Bind(source=source, target="/src", read_only=False)]
    )
    assert (ran.ended, ran.lines, ran.changes) == (Ended(), ["file", "more"], ())


def test_a_file_is_bound(stage, executor):
    """A single file can be bound too, over one that is there as well as where there is none."""
    stage.read("echo old > /tmp/there")
    for target in ("/tmp/there", "/tmp/new", "/made/new"):
        source = executor.folder_of([folder(""), file("file", "text")]) + "/file"
        ran = stage.run(f"cat {target}", [Bind(source=source, target=target)])
        assert (ran.text, ran.changes) == ("text", ()), target
    assert stage.read("cat /tmp/there; ls /tmp") == "old\nthere"


def test_a_cache_is_found_again(stage, held, make_stage):
    """What a command leaves in a folder bound for writing, the next one finds, of another stage too."""
    cache = Bind(source=held(), target="/var/cache", read_only=False)
    stage.read("echo kept > /var/cache/file; mkdir /var/cache/deep; rm -f /var/cache/none", [cache])
    assert stage.read("cat /var/cache/file; ls /var/cache", [cache]) == "kept\ndeep\nfile"
    assert (
        make_stage(key="busybox").read("ls /elsewhere", [Bind(source=cache.source, target="/elsewhere")])
        == "deep\nfile"
    )
    assert stage.read("ls -d /var 2>/dev/null || echo none") == "none"


def test_a_cache_outlives_a_command_that_fails(stage, held):
    """A cache holds what a command wrote before it failed."""
    cache = Bind(source=held(), target="/cache", read_only=False)
    assert stage.run("echo 1 > /cache/file; exit 1", [cache]).ended.status == 1
    assert stage.read("cat /cache/file", [cache]) == "1"


def test_a_cache_that_was_deleted_is_empty(stage, held):
    """A command that deletes a cache's folder, or puts a link in its place, spoils no later one."""
    cache = Bind(source=held(), target="/cache", read_only=False)
    stage.run("echo 1 > /cache/file; rm -rf /cache; ln -s / /cache", [cache])
    assert stage.read("ls /cache; touch /cache/new", [cache]) == ""
    assert stage.read("ls /cache; ls -d /new 2>/dev/null || echo none", [cache]) == "new\nnone"


def test_a_mount_hides_what_the_image_has(make_stage, held):
    """What lies at the place of a mount is not seen meanwhile and is there again after it, unchanged."""
    stage = make_stage(folder("srv"), folder("srv/data"), file("srv/data/own", "own"), key="hidden")
    ran = stage.run(
        "ls /srv/data; rm -rf /srv/data/*", [Bind(source=held(file("theirs")), target="/srv/data", read_only=False)]
    )
    assert (ran.text, ran.changes) == ("theirs", ())
    assert stage.read("cat /srv/data/own") == "own"


def test_memory_is_empty_and_for_everybody(stage):
    """An empty folder is had by every user, and is gone after it."""
    ran = stage.run(
        "ls /scratch; echo x > /scratch/file; cat /scratch/file", [Memory(target="/scratch")], uid=1000, gid=1000
    )
    assert (ran.text, ran.changes) == ("x", ())
    assert stage.read("ls -d /scratch 2>/dev/null || echo none") == "none"


def test_memory_has_a_limit(stage, way):
    """A folder in memory takes no more than its size; in chroot it is on the disk."""
    script = "dd if=/dev/zero of=/scratch/file bs=1M count=3 2>/dev/null; stat -c %s /scratch/file"
    size_bytes = int(stage.run(script, [Memory(target="/scratch", size_bytes=2 << 20)]).text)
    assert size_bytes == (3 << 20 if way == "chroot" else 2 << 20)


def test_a_secret_is_read_by_its_owner_alone(stage):
    """A given file has the mode and owner asked for."""
    secret = Given(target="/run/secrets/key", data=SECRET, mode=0o400, uid=1000, gid=1001)
    ran = stage.run("stat -c '%a %u %g' /run/secrets/key; cat /run/secrets/key", [secret], uid=1000, gid=1001)
    assert ran.lines == ["400 1000 1001", SECRET.decode()]
    other = stage.run("cat /run/secrets/key", [secret], uid=1002, gid=1002)
    assert (other.ended.status, SECRET in other.printed) == (1, False)


@pytest.mark.parametrize("end", ["true", "exit 9", "missing-program"])
def test_a_secret_leaves_nothing(stage, executor, end):
    """However the command ends, a secret is neither in the changes nor in any file of ours."""
    secret = Given(target="/run/secrets/key", data=SECRET, mode=0o400)
    ran = stage.run(f"cat /run/secrets/key >/dev/null; {end}", [secret])
    assert ran.changes == ()
    assert files_with(SECRET, executor.folder) == []
    assert stage.read("ls -d /run 2>/dev/null || echo none") == "none"


def files_with(data: bytes, top: Path) -> list[str]:
    """Return the files below a folder that hold these bytes."""
    found = []
    for parent, _, names in os.walk(top):
        for name in names:
            path = Path(parent) / name
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20 and data in path.read_bytes():
                found.append(str(path))
    return found


def test_mounts_lie_in_one_another(stage, held):
    """A mount below another is seen, in whichever order they are asked for."""
    outer = Bind(source=held(file("own", "outer")), target="/outer", read_only=False)
    inner = Given(target="/outer/inner/key", data=b"inner")
    for mounts in ([outer, inner], [inner, outer]):
        ran = stage.run("cat /outer/own /outer/inner/key", mounts)
        assert (ran.text, ran.changes) == ("outerinner", ()), mounts


def test_a_mount_behind_a_symlink_lies_where_that_leads(make_stage, held):
    """The place of a mount is found as the image's links lead, never outside the root."""
    stage = make_stage(folder("real"), symlink("link", "/real"), symlink("out", "../../../real"), key="links")
    for target in ("/link/place", "/out/place"):
        ran = stage.run("cat /real/place/file", [Bind(source=held(file("file", "text")), target=target)])
        assert (ran.text, ran.changes) == ("text", ()), target
    assert stage.state.tree.children("real") == []


def test_a_place_that_an_earlier_command_deleted_is_no_change(make_stage, held):
    """A mount where a command deleted something leaves no trace, not even in the time of the folder above."""
    stage = make_stage(folder("srv"), folder("srv/data"), file("srv/data/own"), key="deleted")
    stage.read("rm -r /srv/data")
    ran = stage.run("cat /srv/data/file", [Bind(source=held(file("file", "text")), target="/srv/data")])
    assert (ran.text, ran.changes) == ("text", ())
    assert stage.read("ls -d /srv/data 2>/dev/null || echo none") == "none"


@pytest.mark.parametrize(
    ("mounted", "reason"),
    [
        (Memory(target="/bin/busybox/below"), "/bin/busybox is no folder"),
        (Memory(target="/bin/busybox"), "it is a file"),
        (Given(target="/bin", data=b""), "it is a directory"),
        (Memory(target="/up"), "it is the root"),
    ],
    ids=["below a file", "folder over file", "file over folder", "root"],
)
def test_a_place_of_another_kind_is_refused(make_stage, mounted, reason):
    """What cannot be mounted where it is asked for is said, and the stage stays usable."""
    stage = make_stage(symlink("up", ".."), key="refused")
    with pytest.raises(DockerfileError, match=f"RUN: nothing can be mounted at {mounted.target}: {reason}"):
        stage.run("true", [mounted])
    assert stage.read("echo again") == "again"


def test_devices_are_for_everybody(stage):
    """The usual devices can be used by a user that is not root, and there are no others of the machine."""
    script = (
        "echo x > /dev/null; head -c1 /dev/zero | wc -c; head -c1 /dev/urandom | wc -c; echo x > /dev/full || echo full"
    )
    assert stage.run(script, uid=1000, gid=1000).lines[:2] == ["1", "1"]
    assert stage.run(script, uid=1000, gid=1000).lines[-1] == "full"
    usual = {"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "core", "shm"}
    assert set(stage.read("ls /dev").splitlines()) - {"pts", "ptmx", "mqueue", "console"} == usual


def test_shared_memory_is_for_everybody(stage):
    """Every user can make files in /dev/shm, and they are no change."""
    ran = stage.run("echo x > /dev/shm/file; cat /dev/shm/file", uid=1000, gid=1000)
    assert (ran.text, ran.changes) == ("x", ())


def test_a_bound_device_or_pipe_is_kept_out_of_the_image(make_stage, held):
    """What a command makes of any kind in a folder bound for writing stays there."""
    cache = Bind(source=held(Entry("pipe", Kind.FIFO, 0o644)), target="/cache", read_only=False)
    ran = make_stage(key="busybox").run("mkfifo /cache/other; ls /cache", [cache])
    assert (ran.lines, ran.changes) == (["other", "pipe"], ())
