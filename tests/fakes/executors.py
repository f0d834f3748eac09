"""Small root file systems, made of busybox, and every executor that this machine has, to run commands in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tagboat.build.stage import StageState
from tagboat.executors.chroot import ChrootExecutor
from tagboat.executors.command import Command, Ended, Layers, Mounted, Sandbox
from tagboat.executors.overlay import MERGED, OverlayExecutor
from tagboat.executors.roots import TreeSource
from tagboat.executors.user_namespace import Users, enter_user_namespace
from tagboat.executors.worker import Worker
from tagboat.layers.changes import Entry, FileContent, Kind
from tagboat.layers.tree import Tree
from tagboat.proc import run
from tagboat.temporary import delete_folder

BUSYBOX = shutil.which("busybox")
PATH = "/bin"
# The names that tests call it by: fewer links than it has are quicker to make.
NAMES = """
cat chmod chown chroot cp dd echo env false find grep head hostname id ip ln ls mkdir mkfifo mknod mount mv nc nohup
ping printf ps pwd readlink rm rmdir sed setpriv sh setsid sleep stat sysctl touch true umount unshare wc xxd yes
"""


class Way(StrEnum):
    """An executor, and who it is for."""

    OVERLAY = "overlay"
    OVERLAY_OF_USER = "overlay-of-user"
    CHROOT = "chroot"


class CannotError(Exception):
    """This machine does not have that way, and why."""


@contextmanager
def open_way(way: Way, folder: Path) -> Iterator[OverlayExecutor | ChrootExecutor]:
    """Give an executor that has been tried; its worker ends with the block, and deletes what it made."""
    if BUSYBOX is None:
        raise CannotError("not installed: busybox")
    if way is not Way.OVERLAY_OF_USER and os.geteuid() != 0:
        raise CannotError(f"{way} needs root")
    with Worker() as worker:
        executor = _executor(way, worker, folder)
        worker.leave(delete_folder, folder)
        if isinstance(executor, OverlayExecutor):
            _try(executor)
        yield executor


def _executor(way: Way, worker: Worker, folder: Path) -> OverlayExecutor | ChrootExecutor:
    match way:
        case Way.OVERLAY:
            return OverlayExecutor(worker, folder, users=None)
        case Way.OVERLAY_OF_USER:
            try:
                users = enter_user_namespace(
                    worker, lambda argv: run(argv, env={"PATH": os.defpath}), uid=os.geteuid(), gid=os.getegid()
                )
            except OSError as error:
                raise CannotError(f"user namespace: {error}") from error
            if users is not Users.ALL:
                raise CannotError("a user namespace with more users than one needs root or newuidmap")
            return OverlayExecutor(worker, folder, users=users)
        case Way.CHROOT:
            return ChrootExecutor(worker, folder)


def _try(executor: OverlayExecutor) -> None:
    places = (Entry(path, Kind.DIRECTORY, 0o755) for path in ("proc", "sys", "dev"))
    layers = Layers(
        folder=str(executor.folder),
        lower=(executor.unpacked(places),),
        upper=executor.new_folder(),
        work=executor.new_folder(),
        merged=MERGED,
        user=executor.users is not None,
    )
    ended = executor.worker.run(Sandbox(root=layers, command=None), lambda _printed: None)
    if ended.fault:
        raise CannotError(f"{ended.fault}: {os.strerror(ended.errno)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended, what it printed, and what it changed."""

    ended: Ended
    printed: bytes
    changes: tuple[Entry, ...]

    @property
    def text(self) -> str:
        """What it printed, without the last line's end."""
        return self.printed.decode(errors="surrogateescape").removesuffix("\n")

    @property
    def lines(self) -> list[str]:
        """The lines that it printed."""
        return self.text.splitlines()

    @property
    def deleted(self) -> list[str]:
        """What is gone."""
        return [entry.path for entry in self.changes if entry.kind is Kind.WHITEOUT]

    @property
    def made(self) -> dict[str, Entry]:
        """What is new or different, but for directories, by path."""
        no_files = (Kind.WHITEOUT, Kind.OPAQUE, Kind.DIRECTORY)
        return {entry.path: entry for entry in self.changes if entry.kind not in no_files}

    @property
    def folders(self) -> dict[str, Entry]:
        """Directories that are new or different, by path."""
        return {entry.path: entry for entry in self.changes if entry.kind is Kind.DIRECTORY}

    def content(self, path: str) -> bytes:
        """Return the content of a file that is new or different."""
        content = self.made[path].content
        assert content is not None
        with content.open() as stream:
            return stream.read()


class Stage:
    """A stage whose base is busybox and `entries`; stages of one executor with equal `key` share their base."""

    def __init__(
        self, executor: OverlayExecutor | ChrootExecutor, entries: Iterable[Entry] = (), key: object = None
    ) -> None:
        kept = tuple(entries)
        key = object() if key is None else key
        source = TreeSource(lambda: small_tree(kept))
        self.executor = executor
        self.state = StageState(load=source.tree, open_root=lambda opened: opened.open_root(source, key))

    def run(self, script: str | Sequence[str], mounts: Sequence[Mounted] = (), **command: object) -> Ran:
        """Run a script with busybox's shell, or a program with its arguments, as the stage's next step."""
        argv = ("/bin/sh", "-c", script) if isinstance(script, str) else tuple(script)
        fields = {"argv": argv, "env": {"PATH": PATH}, **command}
        printed = bytearray()
        root = self.state.root_on(self.executor)
        outcome = root.run(Command(**fields), mounts, self.state.tree, printed.extend)  # type: ignore[arg-type]
        self.state.record_run(len(self.state.drafts), outcome.changes)
        return Ran(ended=outcome.ended, printed=bytes(printed), changes=outcome.changes)

    def read(self, script: str, mounts: Sequence[Mounted] = (), **command: object) -> str:
        """Run a script that must end well, and return what it printed."""
        ran = self.run(script, mounts, **command)
        assert ran.ended == Ended(), (ran.ended, ran.text)
        return ran.text

    def fork(self) -> Stage:
        """Return a stage that is built on this one as it is now."""
        state, executor = self.state, self.executor
        twin = Stage(executor)
        twin.state = StageState(load=state.tree.copy, open_root=lambda opened: state.root_on(opened).fork(state.tree))
        twin.state.root_on(executor)
        return twin


def small_tree(entries: Iterable[Entry] = ()) -> Tree:
    """Return a tree of busybox under `NAMES`, /tmp and `entries`."""
    assert BUSYBOX is not None
    tree = Tree()
    tree.put(Entry("bin", Kind.DIRECTORY, 0o755))
    size = Path(BUSYBOX).stat().st_size
    tree.put(Entry("bin/busybox", Kind.FILE, 0o755, size=size, content=FileContent(BUSYBOX)))
    for name in NAMES.split():
        tree.put(Entry(f"bin/{name}", Kind.SYMLINK, 0o777, target="busybox"))
    tree.put(Entry("tmp", Kind.DIRECTORY, 0o1777))
    for entry in entries:
        tree.put(entry)
    return tree
