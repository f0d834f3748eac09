"""One base image: its manifest and configuration at hand, its layers read when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from tagboat.errors import LayoutError
from tagboat.layers.changes import Content, Entry, Kind
from tagboat.layers.extract import read_layer
from tagboat.layers.tree import Tree
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Manifest


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
        if self._tree is None:
            tree = Tree()
            for descriptor in self.manifest.layers:
                try:
                    tree.apply(_Layer(self.blobs.path(descriptor), descriptor, self.spool).entries())
                except LayoutError as error:
                    raise LayoutError(f"the image {self.name}: {error.problem}", error.hint) from error
            self._tree = tree
        return self._tree.copy()


class _Layer:
    """A compressed layer whose headers are read in one pass; its contents are unpacked only when one is opened."""

    def __init__(self, blob: Path, descriptor: Descriptor, spool: Path) -> None:
        self._blob = blob
        self._descriptor = descriptor
        self._spool = spool / f"{descriptor.digest.encoded}.tar"
        self._contents: dict[str, Content] = {}

    def entries(self) -> list[Entry]:
        """Return every entry of the layer, in the layer's order; files carry a content that opens when needed."""
        with self._blob.open("rb") as stream:
            return [
                entry._replace(content=_LayerContent(self, entry.path)) if entry.kind is Kind.FILE else entry
                for entry in read_layer(stream, self._descriptor.media_type, None)
            ]

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
    __slots__ = ("_layer", "_path")

    def __init__(self, layer: _Layer, path: str) -> None:
        self._layer = layer
        self._path = path

    def open(self) -> BinaryIO:
        return self.locate().open()

    def locate(self) -> Content:
        """Return the unpacked content, which can be opened without this layer."""
        return self._layer.content(self._path)
