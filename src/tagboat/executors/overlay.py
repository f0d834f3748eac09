"""Roots made of layers by overlayfs, in namespaces of their own: what a command changed lies in a folder by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import ParamSpec, TypeVar

from tagboat.executors.command import Command, Layers, Mounted, Sandbox
from tagboat.executors.places import missing_places, placed, with_known_parents, without_places
from tagboat.executors.roots import Outcome, Output, RootSource
from tagboat.executors.user_namespace import Users
from tagboat.executors.worker import Worker
from tagboat.layers.changes import Entry, Kind, located
from tagboat.layers.differences import differences
from tagboat.layers.scan import scan_upper
from tagboat.layers.spool import spool
from tagboat.layers.tree import Tree
from tagboat.layers.unpack import unpack

_P = ParamSpec("_P")
_R = TypeVar("_R")
MERGED = "merged"
_DEVICES = (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE)


class OverlayExecutor:
    """Runs commands in roots below `folder`; `users` are those of the worker's user namespace, None without one."""

    name = "overlay"

    def __init__(self, worker: Worker, folder: Path, *, users: Users | None) -> None:
        self.worker = worker
        self.folder = folder
        self.users = users
        self._numbers = count()
        self._bases: dict[object, str] = {}
        self._places: dict[object, str] = {}
        folder.mkdir(exist_ok=True)
        (folder / MERGED).mkdir(exist_ok=True)

    @property
    def alone(self) -> bool:
        """Whether root is the only user there is."""
        return self.users is Users.ROOT_ALONE

    def open_root(self, source: RootSource, key: object) -> OverlayRoot:
        """Return a root on a folder that all roots of this key share, since none writes into it."""
        if key not in self._bases:
            self._bases[key] = self._opened(source)
        return OverlayRoot(self, (self._bases[key],))

    def _opened(self, source: RootSource) -> str:
        if self.users is not None:
            return self.unpacked(source.tree().walk())
        name = self.new_folder()
        source.unpack(self.path(name), keep=True)
        return name

    def places_folder(self, places: Sequence[Entry]) -> str:
        """Return the name of a folder that holds these places and nothing else; one serves many commands."""
        key = tuple((entry[:6], tuple(entry.xattrs.items())) for entry in places)
        if key not in self._places:
            self._places[key] = self.unpacked(places)
        return self._places[key]

    def folder_of(self, entries: Iterable[Entry]) -> str:
        """Return the path of a new folder with these entries."""
        return self.path(self.unpacked(entries))

    def unpacked(self, entries: Iterable[Entry]) -> str:
        """Unpack entries into a new folder and return its name."""
        name = self.new_folder()
        self.in_users(unpack, [located(entry) for entry in self._possible(entries)], self.path(name))
        return name

    def _possible(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield what can be unpacked: a user namespace makes no devices, for which /dev has its own anyway."""
        for entry in entries:
            if self.users is None or entry.kind not in _DEVICES:
                yield entry._replace(uid=0, gid=0) if self.alone else entry

    def path(self, name: str) -> str:
        """Return the path of a folder by its name."""
        return str(self.folder / name)

    def new_folder(self) -> str:
        """Make a folder and return its name: short, since all names of a mount must fit into one page."""
        name = str(next(self._numbers))
        (self.folder / name).mkdir()
        return name

    def in_users(self, function: Callable[_P, _R], *arguments: _P.args, **keywords: _P.kwargs) -> _R:
        """Call a function where the users of the image exist: here as root, else in the worker's user namespace."""
        return (self.worker.call if self.users else _call)(function, *arguments, **keywords)


class OverlayRoot:
    """A root made of the layers `lower`, the lowest first; each command adds one."""

    def __init__(self, executor: OverlayExecutor, lower: tuple[str, ...]) -> None:
        self._executor = executor
        self._lower = lower

    def add(self, entries: Sequence[Entry]) -> None:
        """Put a layer on top that no command made."""
        self._lower += (self._executor.unpacked(entries),)

    def fork(self, tree: Tree) -> OverlayRoot:  # noqa: ARG002 - what it holds lies in the shared layers
        """Return a root on the same layers, which are never written again."""
        return OverlayRoot(self._executor, self._lower)

    def run(self, command: Command, mounts: Sequence[Mounted], tree: Tree, output: Output) -> Outcome:
        """Run a command with an empty layer on top, and keep that when it ends well."""
        resolved = placed(mounts, tree)
        upper = self._executor.unpacked([_top(tree)])
        places = missing_places(resolved, tree)
        layers = Layers(
            folder=str(self._executor.folder),
            lower=(self._executor.places_folder(with_known_parents(places, tree)), *reversed(self._lower)),
            upper=upper,
            work=self._executor.new_folder(),
            merged=MERGED,
            user=self._executor.users is not None,
        )
        ended = self._executor.worker.run(Sandbox(root=layers, command=command, mounts=tuple(resolved)), output)
        if ended.fault or ended.status:
            return Outcome(ended=ended)
        self._lower += (upper,)
        found = without_places(self._found(upper), places)
        return Outcome(ended=ended, changes=tuple(differences((self._owned(entry, tree) for entry in found), tree)))

    def _found(self, upper: str) -> list[Entry]:
        """Return what the upper folder holds.

        In a user namespace the content is copied: its files may belong to users whose files we cannot read.
        """
        path = self._executor.path(upper)
        if self._executor.users:
            return self._executor.in_users(_scan_and_copy, path, self._executor.folder / f"{upper}.content")
        return scan_upper(path, user=False)

    def _owned(self, entry: Entry, tree: Tree) -> Entry:
        """Return the entry with the owner that it has in the image, where only root can be an owner here."""
        before = tree.get(entry.path) if self._executor.alone and not entry.uid and not entry.gid else None
        return entry if before is None else entry._replace(uid=before.uid, gid=before.gid)


def _scan_and_copy(upper: str, file: Path) -> list[Entry]:
    return spool(scan_upper(upper), file)


def _top(tree: Tree) -> Entry:
    """Return the root folder's own entry: that of the uppermost layer is the one that shows."""
    top = tree.get("")
    assert top is not None
    return top


def _call(function: Callable[_P, _R], *arguments: _P.args, **keywords: _P.kwargs) -> _R:
    return function(*arguments, **keywords)
