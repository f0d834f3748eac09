"""Entries put on a disk."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from tagboat.errors import LayoutError, MachineError
from tagboat.layers.changes import BytesContent, Entry, FileContent, Kind
from tagboat.layers.scan import Snapshot, changed_since
from tagboat.layers.unpack import unpack

ME = {"uid": os.getuid(), "gid": os.getgid()}
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away and make devices")


def entry(path: str, kind: Kind, mode: int = 0o755, **more) -> Entry:
    return Entry(path, kind, mode, **{**ME, "mtime": 1_000_000_000, **more})


def folder(path: str, mode: int = 0o755, **more) -> Entry:
    return entry(path, Kind.DIRECTORY, mode, **more)


def file(path: str, data: bytes = b"", mode: int = 0o644, **more) -> Entry:
    return entry(path, Kind.FILE, mode, **{"size": len(data), "content": BytesContent(data), **more})


def link(path: str, target: str) -> Entry:
    return entry(path, Kind.SYMLINK, 0o777, target=target)


@pytest.fixture
def root(tmp_path):
    """Return an empty folder, beside which there is something to protect."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_untouched(root: Path) -> bool:
    outside = root.parent / "outside"
    return [(outside / "kept").read_text(), names(outside)] == ["kept", ["kept"]]


def test_the_root_entry_is_the_folder_itself(root):
    """The entry of the root gives the folder its mode and its time."""
    unpack([folder("", 0o701), file("a")], str(root))
    assert stat.S_IMODE(root.stat().st_mode) == 0o701
    assert root.stat().st_mtime == 1_000_000_000


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("mode", [0o777, 0o644, 0o4755, 0o2711, 0o1777, 0o7777])
def test_modes_do_not_depend_on_the_umask(root, mask, mode):
    """All twelve bits are those of the entry, whatever the umask is."""
    before = os.umask(mask)
    try:
        unpack([folder("d", mode), file("f", b"data", mode), entry("p", Kind.FIFO, mode)], str(root))
    finally:
        os.umask(before)
    assert {stat.S_IMODE((root / name).stat().st_mode) for name in "dfp"} == {mode}


def test_a_directory_keeps_its_time_while_it_is_filled(root):
    """Times of directories are set last, also where a later entry comes back to one."""
    unpack([folder("a", mtime=1), folder("b", mtime=2), file("a/x"), folder("a/c", mtime=3), file("b/x")], str(root))
    assert [(root / name).stat().st_mtime for name in ("a", "b", "a/c")] == [1, 2, 3]


def test_a_directory_without_an_entry_keeps_the_time_it_had(root):
    """What is put into or taken from a directory does not change the time that the layer says nothing of."""
    unpack([folder("a", mtime=1), file("a/gone")], str(root))
    unpack([file("a/new"), entry("a/gone", Kind.WHITEOUT)], str(root))
    assert (root / "a").stat().st_mtime == 1
    assert names(root / "a") == ["new"]


def test_a_directory_over_a_directory_keeps_what_it_holds(root):
    """Its attributes are the new ones alone, its members stay."""
    unpack([folder("a", xattrs={"user.old": b"1", "user.both": b"1"}), file("a/x")], str(root))
    unpack([folder("a", 0o700, mtime=7, xattrs={"user.both": b"2"})], str(root))
    assert stat.S_IMODE((root / "a").stat().st_mode) == 0o700
    assert names(root / "a") == ["x"]
    assert {name: os.getxattr(root / "a", name) for name in os.listxattr(root / "a")} == {"user.both": b"2"}


@pytest.mark.parametrize("first", [folder("a"), file("a", b"old"), link("a", "../outside"), entry("a", Kind.FIFO)])
@pytest.mark.parametrize("second", [folder("a"), file("a", b"new"), link("a", "../outside"), entry("a", Kind.FIFO)])
def test_anything_else_replaces_what_is_there(root, first, second):
    """What is there goes with all below it, and a symlink goes itself."""
    below = [folder("a/b"), file("a/b/c")] if first.kind is Kind.DIRECTORY else []
    unpack([first, *below], str(root))
    unpack([second], str(root))
    (now,) = [found for found in changed_since(Snapshot(), str(root)) if found.path == "a"]
    assert (now.kind, now.size, now.target) == (second.kind, second.size, second.target)
    assert is_untouched(root)


def test_a_replaced_directory_is_not_filled_any_more(root):
    """What comes after a directory was replaced goes into the new one, which has its own time."""
    first = [folder("a"), folder("a/b"), file("a/b/old")]
    second = [file("a"), folder("a", mtime=5), folder("a/b", mtime=6), file("a/b/new")]
    unpack([*first, *second], str(root))
    assert names(root / "a" / "b") == ["new"]
    assert [(root / name).stat().st_mtime for name in ("a", "a/b")] == [5, 6]


def test_a_directory_that_is_gone_in_the_end_has_no_time(root):
    """What replaces a directory keeps its own time, and so does the rest."""
    unpack([folder("a", mtime=1), folder("a/b", mtime=2), file("a/b/c"), file("a", mtime=3)], str(root))
    assert (root / "a").stat().st_mtime == 3


def test_a_link_leads_into_the_directory_that_is_there_now(root):
    """A file is linked in the new directory, also when one was in the old."""
    first = [folder("a"), file("a/x", b"old"), entry("b", Kind.FILE, target="a/x")]
    unpack(
        [*first, entry("a", Kind.WHITEOUT), folder("a"), file("a/x", b"new"), entry("c", Kind.FILE, target="a/x")],
        str(root),
    )
    assert [(root / name).read_bytes() for name in "bc"] == [b"old", b"new"]


def test_whiteouts_delete(root):
    """A whiteout takes a path away with all below, an opaque entry what a directory holds; nothing is no fault."""
    unpack(
        [folder("a"), folder("a/b"), file("a/b/c"), folder("d"), file("d/e"), folder("d/f"), file("d/f/g")], str(root)
    )
    marks = [("a", Kind.WHITEOUT), ("none", Kind.WHITEOUT), ("none/x", Kind.WHITEOUT), ("none", Kind.OPAQUE)]
    unpack([*(entry(*mark) for mark in marks), entry("d", Kind.OPAQUE), file("d/new")], str(root))
    assert [path.name for path in root.rglob("*")] == ["d", "new"]


def test_hard_links_are_one_file(root):
    """Names of a group are one file, and so is a link to what lay there before; symlinks and FIFOs have links too."""
    unpack([folder("d"), file("d/a", b"x", link_group=1), file("b", b"y"), file("c", b"x", link_group=1)], str(root))
    unpack([entry("e", Kind.FILE, target="d/a")], str(root))
    pairs = [(link("s", "a"), link("t", "a")), (entry("p", Kind.FIFO), entry("q", Kind.FIFO))]
    unpack([one._replace(link_group=pair[0].path) for pair in pairs for one in pair], str(root))
    inodes = {name: (root / name).lstat().st_ino for name in ("d/a", "c", "e", "s", "t", "p", "q")}
    assert inodes["d/a"] == inodes["c"] == inodes["e"]
    assert (inodes["s"], inodes["p"]) == (inodes["t"], inodes["q"])
    assert len(set(inodes.values())) == 3


@pytest.mark.parametrize("target", ["none", "link/kept", "../outside/kept", "a/none"])
def test_a_hard_link_leads_to_a_file_in_the_folder(root, target):
    """A link to nothing, through a symlink or out of the folder is refused."""
    with pytest.raises(LayoutError, match="hard link|no file system"):
        unpack([file("a"), link("link", "../outside"), entry("b", Kind.FILE, target=target)], str(root))
    assert (root.parent / "outside" / "kept").stat().st_nlink == 1


@pytest.mark.parametrize(
    "bad",
    [
        file("link/new"),
        file("link/kept", b"lost"),
        folder("link/new"),
        folder("link/deep/new"),
        link("link/new", "x"),
        entry("link/kept", Kind.WHITEOUT),
        entry("link", Kind.OPAQUE),
        entry("link/deep", Kind.OPAQUE),
        file("../outside/kept", b"lost"),
        file("..", b"lost"),
        folder(".."),
        folder("a/../../outside/new"),
        entry("../outside/kept", Kind.WHITEOUT),
        entry("..", Kind.OPAQUE),
        entry("a/..", Kind.WHITEOUT),
        entry("", Kind.WHITEOUT),
        file("", b"lost"),
    ],
    ids=lambda bad: f"{bad.kind}-{bad.path}",
)
def test_nothing_outside_is_touched(root, bad):
    """No entry gets out of the folder, by a symlink or by dots: it is refused."""
    with pytest.raises((LayoutError, MachineError)):
        unpack([folder("a"), link("link", "../outside"), bad], str(root))
    assert is_untouched(root)


def test_a_parent_must_be_there(root):
    """An entry that comes before its directory is a fault of the layer."""
    with pytest.raises(LayoutError, match="/a/b"):
        unpack([file("a/b")], str(root))


@pytest.mark.parametrize("change", [{"mtime": 2**70}, {"uid": 2**40}, {"path": "a\0b"}], ids=str)
def test_what_no_file_system_holds_is_refused(root, change):
    """Numbers and names that the system cannot take are a fault of the layer."""
    with pytest.raises(LayoutError, match="no file system"):
        unpack([file("a")._replace(**change)], str(root))


def test_only_files_and_directories_have_attributes(root):
    """A symlink with an attribute that only files can have is refused, not put there without."""
    with pytest.raises(LayoutError, match="user.x"):
        unpack([link("a", "b")._replace(xattrs={"user.x": b"1"})], str(root))


def test_attributes_of_the_machine_are_left_out(root):
    """Only what layers carry is set: a label or a note of overlayfs would mean something else here."""
    unpack([file("a", xattrs={"user.x": b"1", "user.overlay.opaque": b"y", "security.selinux": b"s"})], str(root))
    assert os.listxattr(root / "a") == ["user.x"]


@pytest.mark.parametrize("path", ["\udcff\udc80", "n" * 255, "ä" * 127, "new\nline", "/".join(["p" * 200] * 30)])
def test_any_name_that_linux_has_is_unpacked_and_found(root, path):
    """Names of any bytes, of full length, and paths longer than the kernel takes at once come back."""
    parents = [path[:at] for at, letter in enumerate(path) if letter == "/"]
    unpack([*map(folder, parents), file(path, b"deep", xattrs={"user.x": b"1"})], str(root))
    found = {one.path: one for one in changed_since(Snapshot(), str(root))}
    assert found.keys() == {"", *parents, path}
    assert found[path].xattrs == {"user.x": b"1"}
    with found[path].content.open() as stream:
        assert stream.read() == b"deep"
    unpack([entry(path.split("/")[0], Kind.WHITEOUT)], str(root))
    assert names(root) == []


def test_a_content_that_is_missing_is_named(root, tmp_path):
    """A source that is gone is told by the path that it is for."""
    with pytest.raises(MachineError, match="/a cannot be read"):
        unpack([file("a")._replace(size=3, content=FileContent(str(tmp_path / "gone")))], str(root))


def test_a_folder_that_is_missing_is_named(tmp_path):
    """The folder itself must be there."""
    with pytest.raises(MachineError, match="none"):
        unpack([], str(tmp_path / "none"))


@needs_root
def test_owners_set_user_id_and_capabilities_stay(root):
    """Owner, set-user-ID bit and capabilities are there together, though a new owner takes the last two away."""
    strange = {"uid": 12345, "gid": 2**32 - 2}
    unpack(
        [file("a", b"x", 0o6755, xattrs={"security.capability": CAPABILITY}, **strange), folder("d", **strange)],
        str(root),
    )
    status = (root / "a").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 2**32 - 2, 0o6755)
    assert os.getxattr(root / "a", "security.capability") == CAPABILITY
    assert (root / "d").stat().st_uid == 12345


@needs_root
def test_devices_are_made(root):
    """Devices have their numbers, 0:0 among them, which deletes nothing in a plain folder."""
    numbers = {"null": (1, 3), "zero": (0, 0), "large": (4095, 2**20 - 1)}
    unpack([entry(name, Kind.CHARACTER_DEVICE, 0o666, device=device) for name, device in numbers.items()], str(root))
    unpack([entry("block", Kind.BLOCK_DEVICE, 0o660, device=(7, 1))], str(root))
    found = {one.path: one for one in changed_since(Snapshot(), str(root))}
    assert {name: found[name].device for name in numbers} == numbers
    assert (found["block"].kind, found["block"].device, found["block"].mode) == (Kind.BLOCK_DEVICE, (7, 1), 0o660)


@needs_root
@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (file("a", uid=1), "given to 1:"),
        (link("a", "b")._replace(gid=1), "given to"),
        (entry("a", Kind.CHARACTER_DEVICE, device=(1, 3)), "CAP_MKNOD"),
        (file("a", xattrs={"security.capability": CAPABILITY}), "CAP_SETFCAP"),
    ],
    ids=["a file", "a symlink", "a device", "a capability"],
)
def test_what_takes_root_says_so(refused, words):
    """Who may not give files away, make devices or set capabilities learns the path and what is missing."""
    nobody = {"uid": 65534, "gid": os.getegid()}
    given = refused if refused.uid == 1 or refused.gid == 1 else refused._replace(**nobody)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        os.seteuid(65534)
        try:
            with pytest.raises(MachineError) as caught:
                unpack([given], folder)
        finally:
            os.seteuid(0)
    assert words in f"{caught.value.problem} {caught.value.hint}"
    assert "/a" in caught.value.problem
