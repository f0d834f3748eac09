"""One stage while it is built: its root file system as a tree, and the layers that were added to it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tagboat.errors import DockerfileError
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tarball import WHITEOUT_PREFIX
from tagboat.layers.tree import Tree

if TYPE_CHECKING:
    from tagboat.executors.roots import Executor, RootFilesystem

_DELETIONS = (Kind.WHITEOUT, Kind.OPAQUE)
LayerDraft = tuple[Entry, ...]
"""The entries of a layer that is not written yet, parents first."""


@dataclass(slots=True)
class StageState:
    """A stage's root file system and its new layers.

    `load` reads the base's tree when first it is needed, and `open_root` puts it on disk for the first RUN.
    """

    load: Callable[[], Tree]
    open_root: Callable[[Executor], RootFilesystem]
    drafts: dict[int, LayerDraft] = field(default_factory=dict)
    root: RootFilesystem | None = None
    _tree: Tree | None = None
    _in_root: set[int] = field(default_factory=set)

    @property
    def tree(self) -> Tree:
        """The root file system as it is after the steps so far."""
        if self._tree is None:
            self._tree = self.load()
            for draft in self.drafts.values():  # made by COPY --link without a look at the base
                self._tree.apply(draft)
        return self._tree

    def add(self, step: int, draft: LayerDraft) -> None:
        """Add the layer of a step whose entries are not in the tree yet."""
        if draft:
            self.drafts[step] = draft
            if self._tree is not None:
                self._tree.apply(draft)

    def record(self, step: int, changes: Changes) -> None:
        """Add the layer of a step whose entries are in the tree already."""
        draft = changes.draft()
        if draft:
            self.drafts[step] = draft

    def root_on(self, executor: Executor) -> RootFilesystem:
        """Return the root file system on disk, as it is after the steps so far."""
        if self.root is None:
            self.root = self.open_root(executor)
        for step, draft in self.drafts.items():
            if step not in self._in_root:
                self.root.add(draft)
                self._in_root.add(step)
        return self.root

    def record_run(self, step: int, changes: Sequence[Entry]) -> None:
        """Add the layer of a step that changed the root file system on disk."""
        self.add(step, with_parents(changes, self.tree))
        self._in_root.add(step)


class Changes:
    """The entries that one step puts into a tree, and the parents that a layer must carry beside them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._changed: dict[str, Entry] = {}

    @property
    def tree(self) -> Tree:
        """The root file system that is changed."""
        return self._tree

    def put(self, entry: Entry) -> None:
        """Put an entry in place of what lies at its path; a directory keeps what is in it.

        Raises `DockerfileError` for a name that would delete files when the layer is applied (image-spec layer.md).
        """
        if entry.path.rpartition("/")[2].startswith(WHITEOUT_PREFIX):
            raise DockerfileError(
                f"/{entry.path}: no layer can hold a name that begins with {WHITEOUT_PREFIX}, which deletes files",
                "rename it, or leave it out with .dockerignore",
            )
        self._tree.put(entry)
        self._changed[entry.path] = entry

    def make_directories(self, path: str, template: Entry) -> None:
        """Make a directory and its parents where they are missing, each like `template`.

        Raises `DockerfileError` when something else is in the way.
        """
        missing = []
        while path and self._tree.get(path) is None:
            missing.append(path)
            path = posixpath.dirname(path)
        there = self._tree.get(path)
        if there is not None and there.kind is not Kind.DIRECTORY:
            raise DockerfileError(
                f"nothing can be put below /{path}: it is no folder but a {there.kind}", "choose another destination"
            )
        for directory in reversed(missing):
            self.put(template._replace(path=directory))

    def draft(self) -> LayerDraft:
        """Return the layer: each changed entry, and before it its parents as they are.

        Parents that did not change are carried too: without them an extractor would invent their mode and owner.
        """
        return with_parents(self._changed.values(), self._tree)


def with_parents(changes: Iterable[Entry], tree: Tree) -> LayerDraft:
    """Return a layer in the order of a walk: the changes, and before each that is no deletion its parents in `tree`."""
    entries = list(changes)
    present = {entry.path for entry in entries if entry.kind not in _DELETIONS}
    for entry in list(entries):
        parent = posixpath.dirname(entry.path)
        while parent and parent not in present and entry.kind is not Kind.WHITEOUT:
            entries.append(tree.get(parent) or Entry(parent, Kind.DIRECTORY, 0o755))
            present.add(parent)
            parent = posixpath.dirname(parent)
    return tuple(sorted(entries, key=_order))


def _order(entry: Entry) -> tuple[bytes, bool]:
    """Sort as a walk goes: parents first, then names by their bytes; what a folder hides comes after the folder."""
    # A NUL is in no name and below every byte: the order of lists of names, at a tenth of their memory.
    return entry.path.encode("utf-8", "surrogateescape").replace(b"/", b"\0"), entry.kind is Kind.OPAQUE
