"""An executor that runs nothing: it keeps what it is asked for, and ends each command as it was told to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tagboat.executors.command import Command, Ended, Mounted
from tagboat.executors.roots import Outcome, Output, RootSource
from tagboat.layers.changes import Entry
from tagboat.layers.tree import Tree


class KeptRoots:
    """An executor and its only root; `commands` and `mounts` are those that were asked for."""

    name = "kept"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ended = Ended()
        self.printed: Sequence[bytes] = ()
        self.changes: tuple[Entry, ...] = ()
        self.commands: list[Command] = []
        self.mounts: list[list[Mounted]] = []
        self.folders: dict[str, list[Entry]] = {}

    def open_root(self, _source: RootSource, _key: object) -> KeptRoots:
        """Return itself."""
        return self

    def folder_of(self, entries: Iterable[Entry]) -> str:
        """Return the path of a new folder, and keep the entries that it would have."""
        path = self._folder / str(len(self.folders))
        path.mkdir(parents=True)
        self.folders[str(path)] = list(entries)
        return str(path)

    def add(self, entries: Sequence[Entry]) -> None:
        """Take a layer."""

    def fork(self, _tree: Tree) -> KeptRoots:
        """Return itself."""
        return self

    def run(self, command: Command, mounts: Sequence[Mounted], _tree: Tree, output: Output) -> Outcome:
        """Keep what is asked for, print, and end as told."""
        self.commands.append(command)
        self.mounts.append(list(mounts))
        for chunk in self.printed:
            output(chunk)
        good = not (self.ended.fault or self.ended.status)
        return Outcome(ended=self.ended, changes=self.changes if good else ())
