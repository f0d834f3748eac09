"""What an executor gives to a build: root file systems to run commands in, and what each command changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tagboat.executors.command import Command, Ended, Mounted
from tagboat.layers.changes import Entry, located
from tagboat.layers.tree import Tree
from tagboat.layers.unpack import unpack

Output = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended, and the entries that it changed, parents first; none when it failed."""

    ended: Ended
    changes: tuple[Entry, ...] = ()


class RootSource(Protocol):
    """What a root holds in the beginning."""

    def tree(self) -> Tree:
        """Return it as a tree."""

    def unpack(self, folder: str, *, keep: bool) -> None:
        """Put it into an empty folder; with `keep` that is never written to again."""


@dataclass(frozen=True, slots=True)
class TreeSource:
    """A tree to begin with, asked for when it is needed."""

    load: Callable[[], Tree]

    def tree(self) -> Tree:
        """Return the tree."""
        return self.load()

    def unpack(self, folder: str, *, keep: bool) -> None:  # noqa: ARG002 - its contents lie elsewhere already
        """Put the tree into an empty folder."""
        unpack([located(entry) for entry in self.load().walk()], folder)


class RootFilesystem(Protocol):
    """The root file system of one stage, on disk."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Put a layer on top that no command made."""

    def run(self, command: Command, mounts: Sequence[Mounted], tree: Tree, output: Output) -> Outcome:
        """Run a command; `tree` is what the root holds, `output` gets what is printed as it comes.

        The content of the changes stays as it is, whatever is run later. Raises `MachineError` when the command's
        surroundings cannot be made.
        """

    def fork(self, tree: Tree) -> RootFilesystem:
        """Return a root with the same files, to be changed apart from this one; `tree` is what this one holds."""


class Executor(Protocol):
    """A way to run commands."""

    name: str

    def open_root(self, source: RootSource, key: object) -> RootFilesystem:
        """Return a root that holds what `source` has; two with an equal key hold the same and may share it."""

    def folder_of(self, entries: Iterable[Entry]) -> str:
        """Return the path of a new folder that holds these entries, the first being its own: for mounts."""
