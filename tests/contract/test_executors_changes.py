"""What is told of a command's changes, whichever executor ran it."""

from __future__ import annotations

import os
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

from fakes.building import file, folder, symlink
from fakes.processes import find_process
from tagboat.executors.command import Ended
from tagboat.layers.changes import Entry, Kind

# A vfs_cap_data of revision 2 with cap_net_bind_service permitted and effective (linux/capability.h).
CAPABILITY = struct.pack("<5I", 0x0200_0001, 1 << 10, 0, 0, 0)
NAMELESS = "tmp/\udcff\udcfe"


def test_nothing_changed_is_no_change(stage):
    """A command that only looks, or undoes what it did, changes nothing."""
    assert stage.run("ls -R / >/dev/null 2>&1; cat /bin/busybox >/dev/null").changes == ()


def test_files_have_what_was_given_to_them(stage):
    """Content, owner, mode, time and kind of what a command made are told."""
    ran = stage.run(
        "cd /tmp; printf abc > file; chown 12:34 file; chmod 4750 file; touch -d '2001-02-03 04:05:06' file;"
        " ln -s ../target link; mkfifo pipe; mkdir folder; chmod 1777 folder"
    )
    made = ran.made
    assert (made["tmp/file"].uid, made["tmp/file"].gid, made["tmp/file"].mode) == (12, 34, 0o4750)
    assert (made["tmp/file"].mtime, ran.content("tmp/file")) == (981173106, b"abc")
    assert (made["tmp/link"].kind, made["tmp/link"].target) == (Kind.SYMLINK, "../target")
    assert made["tmp/pipe"].kind is Kind.FIFO
    assert ran.folders["tmp/folder"].mode == 0o1777


def test_devices_are_told_where_they_can_be_made(stage, way):
    """A device that root made is told; a user namespace lets nobody make one."""
    ran = stage.run("cd /tmp && mknod char c 1 3 && mknod block b 7 200")
    if way == "overlay-of-user":
        assert ran.ended.status == 1
        return
    assert {path: (entry.kind, entry.device) for path, entry in ran.made.items()} == {
        "tmp/char": (Kind.CHARACTER_DEVICE, (1, 3)),
        "tmp/block": (Kind.BLOCK_DEVICE, (7, 200)),
    }


def test_a_socket_is_none(stage):
    """No layer can hold a socket: one that is made is no change, one in place of a file deletes that."""
    stage.read("touch /tmp/file")
    ran = stage.run("rm /tmp/file; for name in file new; do nc -lU /tmp/$name & done; sleep 0.2; ls /tmp")
    if "new" not in ran.lines:
        ran = stage.run("true")  # this busybox has no sockets of that kind
    assert (ran.made, [path for path in ran.deleted if path != "tmp/file"]) == ({}, [])


def test_what_is_deleted_is_told_once(make_stage):
    """A file, or a folder with all below, is one deletion; what never was there is none."""
    stage = make_stage(folder("srv"), folder("srv/deep"), file("srv/deep/file"), file("srv/other"), key="deletions")
    ran = stage.run("rm -r /srv/deep /srv/other; touch /srv/gone; rm /srv/gone")
    assert (ran.deleted, ran.made) == (["srv/deep", "srv/other"], {})


def test_a_folder_made_anew_hides_what_it_held(make_stage):
    """When a folder is deleted and made again, the image has what it holds now and nothing of before."""
    stage = make_stage(folder("srv"), folder("srv/deep"), file("srv/deep/old"), key="opaque")
    stage.read("rm -r /srv/deep; mkdir /srv/deep; touch /srv/deep/new")
    assert stage.state.tree.children("srv/deep") == ["new"]
    assert stage.read("ls /srv/deep") == "new"


def test_a_file_becomes_a_folder_and_back(make_stage):
    """Something of another kind replaces what was there."""
    stage = make_stage(folder("srv"), file("srv/file"), folder("srv/folder"), file("srv/folder/in"), key="kinds")
    stage.read("cd /srv; rm -r file folder; mkdir file; touch file/in folder")
    kinds = {path: stage.state.tree.get(f"srv/{path}").kind for path in ("file", "file/in", "folder")}
    assert kinds == {"file": Kind.DIRECTORY, "file/in": Kind.FILE, "folder": Kind.FILE}


def test_a_renamed_folder_is_there_with_all_it_held(make_stage):
    """A folder of the base that is renamed is told whole under its new name, and gone under the old one."""
    stage = make_stage(folder("srv"), folder("srv/old"), file("srv/old/file", "text"), key="renamed")
    ran = stage.run("mv /srv/old /srv/new")
    assert (ran.ended, ran.deleted, ran.content("srv/new/file")) == (Ended(), ["srv/old"], b"text")


def test_hard_links_stay_links(stage):
    """Names of one file share their group, and only they."""
    made = stage.run("cd /tmp; echo 1 > one; ln one two; echo 1 > other; mkdir in; ln one in/three").made
    groups = {path: entry.link_group for path, entry in made.items()}
    assert groups["tmp/one"] == groups["tmp/two"] == groups["tmp/in/three"] is not None
    assert groups["tmp/other"] is None


def test_a_link_to_a_file_of_the_base_is_a_file(make_stage):
    """A further name of a file that an earlier layer holds has its content."""
    stage = make_stage(folder("srv"), file("srv/file", "text"), key="linked")
    stage.read("ln /srv/file /srv/link")
    tree = stage.state.tree
    assert tree.get("srv/link").size == 4
    assert stage.read("cat /srv/link /srv/file; stat -c %h /srv/link") == "texttext2"


def test_a_mode_alone_is_a_change(make_stage):
    """A file whose mode, owner or time alone changes is told with its content."""
    stage = make_stage(folder("srv"), *(file(f"srv/{name}", name) for name in "abc"), key="attributes")
    ran = stage.run("cd /srv; chmod 600 a; chown 5 b; touch -d @1000000000 c")
    assert {path: (entry.mode, entry.uid, ran.content(path)) for path, entry in ran.made.items()} == {
        "srv/a": (0o600, 0, b"a"),
        "srv/b": (0o644, 5, b"b"),
        "srv/c": (0o644, 0, b"c"),
    }


def test_the_roots_own_mode_is_a_change(stage):
    """The root folder has a mode too, and the next command finds it."""
    ran = stage.run("chmod 711 /")
    assert ran.folders[""].mode == 0o711
    assert stage.read("stat -c %a /") == "711"


def test_file_capabilities_are_kept(make_stage):
    """Capabilities of a file, in its base or after a change, are those that the image has."""
    stage = make_stage(
        folder("srv"), Entry("srv/able", Kind.FILE, 0o755, xattrs={"security.capability": CAPABILITY}), key="able"
    )
    made = stage.run("chmod 700 /srv/able").made
    assert dict(made["srv/able"].xattrs) == {"security.capability": CAPABILITY}


def test_names_that_are_no_text_are_kept(stage):
    """A name of any bytes is told as it is."""
    ran = stage.run("cd /tmp; printf x > $(printf '\\377\\376'); ln -s $(printf '\\377') link")
    assert ran.content(NAMELESS) == b"x"
    assert ran.made["tmp/link"].target == "\udcff"
    assert stage.run("rm /tmp/$(printf '\\377\\376')").deleted == [NAMELESS]


def test_large_files_are_whole(stage):
    """A file of many megabytes, and one of holes, have their sizes."""
    ran = stage.run(
        "dd if=/dev/zero of=/tmp/large bs=1M count=5; dd if=/dev/zero of=/tmp/holes bs=1 count=1 seek=9999999"
    )
    assert (ran.made["tmp/large"].size, ran.made["tmp/holes"].size) == (5 << 20, 10_000_000)
    assert ran.content("tmp/holes") == bytes(10_000_000)


def test_unreadable_files_are_read(stage):
    """What the command forbids to everybody is told all the same."""
    ran = stage.run("mkdir /tmp/closed; echo secret > /tmp/closed/file; chmod 0 /tmp/closed/file /tmp/closed", uid=0)
    assert (ran.content("tmp/closed/file"), ran.folders["tmp/closed"].mode) == (b"secret\n", 0)


def test_files_of_any_user_are_told(stage):
    """A user that is not root makes files, and forbids root to read them, and they are told."""
    script = "mkdir /tmp/mine; echo mine > /tmp/mine/file; chmod 0 /tmp/mine/file; chmod 0700 /tmp/mine"
    ran = stage.run(script, uid=1234, gid=4321)
    made = ran.made["tmp/mine/file"]
    assert (made.uid, made.gid, made.mode, ran.content("tmp/mine/file")) == (1234, 4321, 0, b"mine\n")


def test_a_file_changed_within_a_moment_is_told(stage):
    """A change right after the last command, of the same size, is not missed."""
    stage.read("printf 1 > /tmp/file")
    for number in "2345":
        ran = stage.run(f"printf {number} > /tmp/file")
        assert ran.content("tmp/file") == number.encode()


def test_what_stood_in_dev_comes_back(make_stage):
    """The image's own /dev is neither seen nor changed: a command has devices of its own there."""
    stage = make_stage(folder("dev"), file("dev/own", "own"), symlink("dev/link", "own"), key="dev")
    ran = stage.run("ls /dev/own; touch /dev/more; rm /dev/full; true")
    assert (ran.ended, ran.changes) == (Ended(), ())
    assert stage.state.tree.children("dev") == ["link", "own"]


def test_a_device_marks_nothing_as_deleted(make_stage, way):
    """A device 0:0, overlayfs's own mark, never makes a file of the image disappear by itself."""
    stage = make_stage(folder("srv"), file("srv/file", "text"), key="mark")
    ran = stage.run("rm /srv/file; mknod /srv/file c 0 0 || true")
    assert ran.deleted == ["srv/file"] or ran.made["srv/file"].kind is Kind.CHARACTER_DEVICE
    assert way == "chroot" or ran.deleted == ["srv/file"]


def test_attributes_in_overlayfs_words_change_nothing(make_stage):
    """What a command notes as a nested overlay does is neither a deletion nor an attribute of the image."""
    stage = make_stage(folder("srv"), file("srv/old"), folder("other"), key="notes")
    script = f": {time.monotonic_ns()}; until [ -e /tmp/go ]; do sleep 0.05; done; touch /srv/new; rm /tmp/go"
    noting = threading.Thread(target=note_from_outside, args=(f"/bin/sh\0-c\0{script}\0".encode(),))
    noting.start()
    ran = stage.run(script)
    noting.join()
    assert ran.ended == Ended()
    assert (list(ran.made), ran.deleted) == (["srv/new"], [])
    assert {path: dict(entry.xattrs) for path, entry in ran.folders.items() if entry.xattrs} == {
        "srv": {"user.x": b"1"}
    }
    assert stage.state.tree.children("srv") == ["new", "old"]


def note_from_outside(cmdline: bytes) -> None:
    """Set attributes in the root of a process once it is there, as no program of busybox can, and let it go on."""
    root = f"/proc/{find_process(cmdline)}/root"
    os.setxattr(f"{root}/srv", "user.x", b"1")
    for path, name in (("srv", "user.overlay.opaque"), ("other", "user.overlay.redirect")):
        with suppress(OSError):  # overlayfs refuses it where such names are its own, before Linux 6.7
            os.setxattr(f"{root}/{path}", name, b"y")
    Path(f"{root}/tmp/go").touch()
