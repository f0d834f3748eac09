"""One base image: its manifest and configuration at hand, its layers read when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from tagboat.errors import LayoutError
from tagboat.layers.changes import Content, Entry, FileContent, Kind
from tagboat.layers.extract import read_layer
from tagboat.layers.tree import Tree
from tagboat.layers.unpack import unpack
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Manifest

_LONGEST_PATH_BYTES = 3000  # what the kernel takes at once is 4095, with the folder's own path


class BaseBlobs(Protocol):
    """Where the blobs of a base image come from."""

    def path(self, descriptor: Descriptor) -> Path:
        """Return a file that holds the verified blob, fetching it first where needed."""


@dataclass(slots=True)
class BaseImage:
    """A base image for one platform; `spool` is a folder for layers that had to be unpacked to be read."""

    name: str
    manifest: Manifest
    config: ImageConfig
    blobs: BaseBlobs
    spool: Path
    _tree: Tree | None = field(default=None)

    def tree(self) -> Tree:
        """Return a new copy of the image's root file system; the layers' headers are read the first time.

        Raises `LayoutError`, with the image's name, for a layer that cannot be read.
        """
        return self._known().copy()

    def unpack(self, folder: str, *, keep: bool) -> None:
        """Put the image's root file system into an empty folder; each layer is read once more, and kept nowhere else.

        With `keep` nobody will ever write there, so from then on its files are the contents of the tree. Raises
        `LayoutError` as `tree` does, and `MachineError` when the disk or the user's rights do not suffice.
        """
        tree = self._known()
        with self._named():
            unpack(_passing(tree), folder)
        for entry in tree.walk() if keep else ():
            if entry.kind is Kind.FILE and len(os.fsencode(entry.path)) < _LONGEST_PATH_BYTES:
                tree.put(entry._replace(content=FileContent(f"{folder}/{entry.path}")))

    def _known(self) -> Tree:
        if self._tree is None:
            tree = Tree()
            with self._named():
                for descriptor in self.manifest.layers:
                    tree.apply(_Layer(self.blobs.path(descriptor), descriptor, self.spool).entries())
            self._tree = tree
        return self._tree

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except LayoutError as error:
            raise LayoutError(f"the image {self.name}: {error.problem}", error.hint) from error


def _passing(tree: Tree) -> Iterator[Entry]:
    """Yield all of a tree in an order that reads each layer once: files last, as they stand in their layers."""
    wanted: dict[_Layer, dict[str, list[Entry]]] = {}
    for entry in tree.walk():
        if isinstance(entry.content, _LayerContent):
            wanted.setdefault(entry.content.layer, {}).setdefault(entry.content.path, []).append(entry)
        else:
            yield entry
    for layer, entries in wanted.items():
        for content, path in layer.passing():
            yield from (entry._replace(content=content) for entry in entries.get(path, ()))


class _Layer:
    """A compressed layer whose headers are read in one pass; its contents are unpacked only when one is opened."""

    def __init__(self, blob: Path, descriptor: Descriptor, spool: Path) -> None:
        self._blob = blob
        self._descriptor = descriptor
        self._spool = spool / f"{descriptor.digest.encoded}.tar"
        self._contents: dict[str, Content] = {}

    def entries(self) -> list[Entry]:
        """Return every entry of the layer, in the layer's order; files carry a content that opens when needed."""
        first_names: dict[object, str] = {}  # of hard links: only that one has the content behind it in the stream
        with self._blob.open("rb") as stream:
            return [
                entry._replace(content=_LayerContent(self, first_names.setdefault(entry.link_group, entry.path)))
                if entry.kind is Kind.FILE and not entry.target
                else entry
                for entry in read_layer(stream, self._descriptor.media_type, None)
            ]

    def passing(self) -> Iterator[tuple[Content, str]]:
        """Yield each file's content, which can be opened until the next one is asked for, and its path in the layer."""
        with self._blob.open("rb") as stream:
            for entry in read_layer(stream, self._descriptor.media_type, passing=True):
                if entry.kind is Kind.FILE and entry.content is not None:
                    yield entry.content, entry.path

    def content(self, path: str) -> Content:
        """Return the unpacked content of a file."""
        if not self._contents:
            self._spool.parent.mkdir(parents=True, exist_ok=True)
            with self._blob.open("rb") as stream:
                for entry in read_layer(stream, self._descriptor.media_type, self._spool):
                    if entry.content is not None:
                        self._contents[entry.path] = entry.content
        return self._contents[path]


class _LayerContent:
    __slots__ = ("layer", "path")

    def __init__(self, layer: _Layer, path: str) -> None:
        self.layer = layer
        self.path = path

    def open(self) -> BinaryIO:
        return self.locate().open()

    def locate(self) -> Content:
        """Return the unpacked content, which can be opened without this layer."""
        return self.layer.content(self.path)
