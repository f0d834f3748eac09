"""Any tree on disk and back, and any command's changes, with and without overlayfs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.differences import differences
from tagboat.layers.scan import Snapshot, changed_since, scan_upper, take_snapshot
from tagboat.layers.spool import spool
from tagboat.layers.tree import Tree
from tagboat.layers.unpack import unpack

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away and make devices")

OVERLAY_OPTIONS = "redirect_dir=off,metacopy=off,index=off"
DATA = (b"", b"one", b"two", b"x" * 70_000)
CAPABILITY = b"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

# Few names, so that paths meet; one is not UTF-8, and one sorts before the slash.
names = st.sampled_from(["a", "b", "a-", "\udcff"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
modes = st.sampled_from([0o644, 0o755, 0o4755, 0o2750, 0o1777, 0o000])
owners = st.sampled_from([0, 0, 0, 1000, 2**32 - 2])
times = st.sampled_from([0, 1, 10**9, 2**31, -5])
attributes = st.sampled_from([{}, {}, {"user.a": b"on"}, {"security.capability": CAPABILITY}, {"user.b": b""}])


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Draw a tree with everything that a layer can hold, hard links among it."""
    tree = Tree()
    tree.put(Entry("", Kind.DIRECTORY, draw(modes), draw(owners), draw(owners), draw(times)))
    for path in draw(st.lists(paths, min_size=6, max_size=16, unique=True)):
        kind = draw(st.sampled_from([kind for kind in Kind if kind not in {Kind.WHITEOUT, Kind.OPAQUE}]))
        files = [entry.path for entry in tree.walk() if entry.kind is not Kind.DIRECTORY and entry.path != path]
        parents = [path[:at] for at, letter in enumerate(path) if letter == "/"]
        if any(parent in tree and not tree.is_directory(parent) for parent in parents):
            continue
        entry = Entry(path, kind, draw(modes), draw(owners), draw(owners), draw(times))
        match kind:
            case Kind.FILE if files and draw(st.booleans()):
                entry = entry._replace(target=draw(st.sampled_from(files)))
            case Kind.FILE:
                data = draw(st.sampled_from(DATA))
                entry = entry._replace(size=len(data), content=BytesContent(data), xattrs=draw(attributes))
            case Kind.DIRECTORY:
                entry = entry._replace(xattrs=draw(attributes))
            case Kind.SYMLINK:
                entry = entry._replace(target=draw(names))  # never out of the tree: commands follow it
            case Kind.CHARACTER_DEVICE | Kind.BLOCK_DEVICE:
                entry = entry._replace(device=draw(st.sampled_from([(1, 3), (4095, 2**20 - 1)])))
        tree.put(entry)
    return tree


def _shape(tree: Tree) -> tuple[dict, set]:
    """Return all that makes two trees equal: what lies at each path, and which names are one file."""
    groups = defaultdict(set)
    found = {}
    for entry in tree.walk():
        if entry.link_group is not None:
            groups[entry.link_group].add(entry.path)
        data = b""
        if entry.size:
            with entry.content.open() as stream:
                data = b"".join(iter(lambda stream=stream: stream.read(1 << 16), b""))
        mode = 0o777 if entry.kind is Kind.SYMLINK else entry.mode
        found[entry.path] = entry._replace(mode=mode, content=data, link_group=None, xattrs=dict(entry.xattrs))
    return found, {frozenset(group) for group in groups.values() if len(group) > 1}


def on_disk(folder: str) -> Tree:
    """Return the tree that a folder holds."""
    tree = Tree()
    tree.apply(changed_since(Snapshot(), folder))
    return tree


def with_layer(tree: Tree, entries: list[Entry]) -> Tree:
    """Return a copy of a tree with a layer on top."""
    above = tree.copy()
    above.apply(entries)
    return above


@contextmanager
def unpacked(tree: Tree):
    """Give a folder with a tree in it, in a folder that goes with all that is beside it."""
    base = tempfile.mkdtemp()
    try:
        root = f"{base}/root"
        Path(root).mkdir()
        unpack(tree.walk(), root)
        yield root
    finally:
        shutil.rmtree(base)


# ---------------------------------------------------------------- what commands do


def _write(path: Path, new: Path, number: int) -> None:
    if new.is_file() or not os.path.lexists(new):  # opening a FIFO would wait for its reader
        new.write_bytes(DATA[number])


def _append(path: Path, new: Path, number: int) -> None:
    if path.is_file():
        with path.open("ab") as file:
            file.write(b"more")


def _bind_socket(path: Path, new: Path, number: int) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(new))


def _delete(path: Path, *_: object) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _replace(path: Path, new: Path, number: int) -> None:
    """Put an empty directory or a FIFO in place of anything."""
    _delete(path)
    (path.mkdir if number % 2 else lambda: os.mkfifo(path))()


def _make_again(path: Path, new: Path, number: int) -> None:
    """Replace anything by its equal, as package managers do."""
    twin = path.with_name("twin")
    subprocess.run(["cp", "-a", path, twin], check=True, capture_output=True)
    _delete(path)
    twin.rename(path)


def _swap(path: Path, new: Path, number: int) -> None:
    aside = path.with_name("aside")
    path.rename(aside)
    new.rename(path)
    aside.rename(new)


DEEDS = {
    "write": _write,
    "append": _append,
    "make a directory": lambda _, new, __: new.mkdir(),
    "make a symlink": lambda _, new, __: new.symlink_to("somewhere"),
    "make a socket": _bind_socket,
    "delete": _delete,
    "replace": _replace,
    "make again": _make_again,
    "rename": lambda path, new, _: path.rename(new),
    "swap": _swap,
    "link": lambda path, new, _: os.link(path, new, follow_symlinks=False),
    "chmod": lambda path, _, number: path.chmod([0o600, 0o755, 0o4711, 0o1777][number]),
    "chown": lambda path, _, number: os.chown(path, number, 1, follow_symlinks=False),
    "touch": lambda path, _, number: os.utime(path, (number, number), follow_symlinks=False),
    "set an attribute": lambda path, _, number: os.setxattr(path, "user.c", DATA[number][:9], follow_symlinks=False),
}
OF_THE_ROOT_TOO = {"chmod", "chown", "touch", "set an attribute"}
steps = st.tuples(st.sampled_from(list(DEEDS)), st.integers(0, 15), st.integers(0, 3), paths)
commands = st.lists(steps, min_size=2, max_size=8)


def run(command: list[tuple[str, int, int, str]], root: str) -> None:
    """Do as programs do, on what there is; what the system refuses is not done."""
    for name, which, number, new in command:
        known = sorted(str(Path(at) / leaf) for at, folders, files in os.walk(root) for leaf in folders + files)
        places = [*known, root] if name in OF_THE_ROOT_TOO else known or [f"{root}/none"]
        with suppress(OSError, subprocess.CalledProcessError):
            DEEDS[name](Path(places[which % len(places)]), Path(root, new), number)


# ---------------------------------------------------------------- laws


@settings(max_examples=150, deadline=None)
@given(trees())
def test_a_tree_on_disk_is_the_tree(tree):
    """What was unpacked and looked at again is what it was: owners, modes, times, links, devices and attributes."""
    with unpacked(tree) as root:
        assert _shape(on_disk(root)) == _shape(tree)
        assert differences(changed_since(Snapshot(), root), tree) == []


@settings(max_examples=150, deadline=None)
@given(trees(), trees())
def test_a_layer_unpacked_on_top_does_what_applying_it_does(tree, layer):
    """A second layer on a disk replaces and keeps what it does in a tree."""
    entries = list(layer.walk())
    with unpacked(tree) as root:
        unpack(entries, root)
        assert _shape(on_disk(root)) == _shape(with_layer(tree, entries))


@settings(max_examples=200, deadline=None)
@given(trees(), commands, st.booleans())
def test_what_changed_since_a_snapshot_is_what_a_full_look_sees(tree, command, settled):
    """A tree with the changes on top is what the disk holds now, whether or not the clock had gone on before."""
    with unpacked(tree) as root:
        if settled:
            time.sleep(0.021)
        before = take_snapshot(root)
        run(command, root)
        changed = changed_since(before, root)
        now = on_disk(root)
        new = differences(changed, tree)
        assert _shape(with_layer(tree, changed)) == _shape(now)
        assert _shape(with_layer(tree, new)) == _shape(now)
        assert differences(new, now) == [entry for entry in new if entry.kind is Kind.WHITEOUT and entry.path in now]


@settings(max_examples=60, deadline=None)
@given(trees(), commands)
def test_spooled_entries_stay_what_they_were(tree, command):
    """After `spool` nothing that happens to the files changes what the entries say."""
    with unpacked(tree) as root, tempfile.TemporaryDirectory() as beside:
        entries = spool(changed_since(Snapshot(), root), Path(beside) / "spool")
        run(command, root)
        assert _shape(with_layer(Tree(), entries)) == _shape(tree)


@pytest.fixture(scope="module")
def overlay():
    """Skip where nothing can be mounted as overlay."""
    with tempfile.TemporaryDirectory() as folder, suppress(FileNotFoundError):
        Path(folder, "root").mkdir()
        with mounted(f"{folder}/root") as merged:
            if merged is not None:
                return
    pytest.skip("overlayfs cannot be mounted here")


@contextmanager
def mounted(lower: str):
    """Give the merged view and the upper directory of a mount over `lower`, None when that is refused."""
    base = Path(lower).parent
    upper, work, merged = base / "upper", base / "work", base / "merged"
    for folder in (upper, work, merged):
        folder.mkdir()
    where = f"lowerdir={lower},upperdir={upper},workdir={work},{OVERLAY_OPTIONS}"
    done = subprocess.run(["mount", "-t", "overlay", "-o", where, "overlay", merged], check=False, capture_output=True)
    if done.returncode:
        yield None
        return
    try:
        yield str(merged), str(upper)
    finally:
        subprocess.run(["umount", merged], check=True)


@settings(max_examples=60, deadline=None)
@given(tree=trees(), several=st.lists(commands, min_size=4, max_size=4))
@pytest.mark.usefixtures("overlay")
def test_an_upper_directory_says_what_commands_did(tree, several):
    """A tree with the differences of the upper directory on top is what the merged view shows, after each command."""
    with unpacked(tree) as root, mounted(root) as (merged, upper):
        for command in several:
            run(command, merged)
            seen = _shape(on_disk(merged))
            changed = scan_upper(upper)
            assert _shape(with_layer(tree, changed)) == seen
            assert _shape(with_layer(tree, differences(changed, tree))) == seen
