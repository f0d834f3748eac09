"""What an image consists of: its manifests and blobs, read from where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tagboat.errors import LayoutError
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest, parse
from tagboat.oci.platform import Platform


class BlobSource(Protocol):
    """Where contents lie by digest: an image layout."""

    def read(self, descriptor: Descriptor, /) -> bytes:
        """Return a whole content; raises `LayoutError` when it is not there or not right."""

    def open_blob(self, descriptor: Descriptor, /) -> BinaryIO:
        """Return a content as a stream from its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageGraph:
    """A root with all below it: `levels` of manifests, children before what names them, the root alone in the last."""

    root: Manifest | Index
    levels: tuple[tuple[Manifest | Index, ...], ...]
    blobs: tuple[Descriptor, ...]

    @property
    def manifests(self) -> dict[Digest, Manifest | Index]:
        """Every manifest by its digest."""
        return {found.descriptor.digest: found for level in self.levels for found in level}

    @property
    def platforms(self) -> frozenset[Platform]:
        """The platforms of the root's manifests."""
        entries = self.root.manifests if isinstance(self.root, Index) else ()
        return frozenset(entry.platform for entry in entries if entry.platform)

    @property
    def blob_bytes(self) -> int:
        """The size of all blobs together."""
        return sum(blob.size for blob in self.blobs)


def read_graph(source: BlobSource, root: Descriptor) -> ImageGraph:
    """Read the manifests below a root; blobs come once each, the biggest first, so that the last to end ends early."""
    found: dict[Digest, tuple[int, Manifest | Index]] = {}
    blobs: dict[Digest, Descriptor] = {}
    _visit(source, root, found, blobs)
    highest = found[root.digest][0]
    levels = tuple(tuple(document for height, document in found.values() if height == at) for at in range(highest + 1))
    ordered = tuple(sorted(blobs.values(), key=lambda blob: -blob.size))
    return ImageGraph(root=found[root.digest][1], levels=levels, blobs=ordered)


def _visit(
    source: BlobSource,
    pointer: Descriptor,
    found: dict[Digest, tuple[int, Manifest | Index]],
    blobs: dict[Digest, Descriptor],
) -> int:
    """Enter a manifest and all below it; return its height above the lowest manifest. Digests allow no loops."""
    if pointer.digest in found:
        return found[pointer.digest][0]
    raw = source.read(pointer)
    document = parse(raw, pointer.media_type)
    if document.descriptor.digest != pointer.digest:
        raise LayoutError(f"the manifest {pointer.digest} holds other content", "build it again")
    height = 0
    if isinstance(document, Index):
        below = [_visit(source, child, found, blobs) for child in document.manifests]
        height = 1 + max(below, default=-1)
    else:
        blobs.update({blob.digest: blob for blob in document.children if not is_foreign(blob)})
    found[pointer.digest] = (height, document)
    return height


def is_foreign(blob: Descriptor) -> bool:
    """Say whether a layer lives elsewhere and is not for pushing (image-spec, non-distributable layers)."""
    return blob.media_type == mediatype.DOCKER_FOREIGN_LAYER or ".nondistributable." in blob.media_type
