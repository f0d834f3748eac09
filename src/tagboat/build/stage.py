"""One stage while it is built: its root file system as a tree, and the layers that were added to it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from tagboat.errors import DockerfileError
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tree import Tree

LayerDraft = tuple[Entry, ...]
"""The entries of a layer that is not written yet, parents first."""


@dataclass(slots=True)
class StageState:
    """A stage's root file system and its new layers; `load` reads the base's tree when first it is needed."""

    load: Callable[[], Tree]
    drafts: dict[int, LayerDraft] = field(default_factory=dict)
    _tree: Tree | None = None

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
        """Put an entry in place of what lies at its path; a directory keeps what is in it."""
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
        wanted: dict[str, Entry] = dict(self._changed)
        for path in self._changed:
            parent = posixpath.dirname(path)
            while parent and parent not in wanted:
                wanted[parent] = self._tree.get(parent) or Entry(parent, Kind.DIRECTORY, 0o755)
                parent = posixpath.dirname(parent)
        return tuple(wanted[path] for path in sorted(wanted, key=_order))


def _order(path: str) -> list[bytes]:
    """Sort as a walk goes: parents first, then names by their bytes."""
    return path.encode("utf-8", "surrogateescape").split(b"/")
