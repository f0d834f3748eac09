"""Checking a layout: every promise of the format, all violations collected (image-spec image-layout.md, config.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tagboat.errors import TagboatError
from tagboat.layers.blocks import BLOCK_BYTES
from tagboat.layers.check import check_layer
from tagboat.layers.tree import Tree
from tagboat.layout.medium import HEADER_FILE, INDEX_FILE
from tagboat.layout.reader import Layout, open_layout
from tagboat.oci import mediatype
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest

_BLOB_NAME = re.compile(r"blobs/(?:(sha256)/([0-9a-f]{64})|(sha512)/([0-9a-f]{128}))")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LAYER_TYPES = {mediatype.LAYER, mediatype.LAYER_GZIP, mediatype.LAYER_ZSTD}
_ATTESTATION = "vnd.docker.reference.type"


def validate_layout(path: Path) -> list[str]:
    """Return every violation in the layout or archive at `path`, in words; none when it keeps all promises.

    All blobs are read: digests, sizes, diff IDs, documents, the sanity of each tar. A file that is no part of a
    layout counts as left over, although the format would allow it.
    """
    try:
        layout = open_layout(path)
    except TagboatError as error:
        return [str(error)]
    check = _Check(layout)
    check.files()
    check.entries(layout.index.manifests)
    return check.faults


class _Check:
    """One check of one layout, and what it has found so far."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.faults: list[str] = []

    @contextmanager
    def _collect(self) -> Iterator[None]:
        try:
            yield
        except TagboatError as error:
            self.faults.append(str(error))

    def _expect(self, holds: object, fault: str) -> None:
        if not holds:
            self.faults.append(fault)

    def files(self) -> None:
        """Check that there are only blobs that are what their name says."""
        if self._layout.files:
            return  # in an archive of `docker save` files have other names
        for name in self._layout.medium.names():
            blob = _BLOB_NAME.fullmatch(name)
            if blob:
                digest = Digest(":".join(filter(None, blob.groups())))
                size = self._layout.medium.size_bytes(name)
                self._blob(Descriptor(media_type="", digest=digest, size=size))
            else:
                self._expect(name in {HEADER_FILE, INDEX_FILE}, f"{name} is left over")

    def _blob(self, descriptor: Descriptor) -> None:
        with self._collect(), self._layout.open_blob(descriptor) as stream:
            while stream.read(BLOCK_BYTES):
                pass

    def entries(self, entries: Sequence[Descriptor], *, nested: bool = False) -> None:
        """Check what the entries of an index lead to, each content once."""
        for entry in {entry.digest: entry for entry in entries}.values():
            self._expect(entry.platform or not nested, f"{entry.digest} stands in an index without a platform")
            with self._collect():
                document = self._layout.manifest(entry)
                if isinstance(document, Index):
                    self.entries(document.manifests, nested=True)
                elif document.subject or document.artifact_type or _ATTESTATION in entry.annotations:
                    for child in document.children:
                        self._blob(child)
                else:
                    self._image(entry, document)

    def _image(self, entry: Descriptor, manifest: Manifest) -> None:
        kind = mediatype.oci_form(manifest.config.media_type)
        self._expect(kind == mediatype.CONFIG, f"{entry.digest}: {kind} is no media type of a configuration")
        config = self._layout.config(manifest.config)
        self._config(manifest, config)
        if entry.platform:
            said = (entry.platform.os, entry.platform.architecture)
            is_so = said == (config.platform.os, config.platform.architecture)
            self._expect(is_so, f"{entry.digest} is called {entry.platform}, its configuration says {config.platform}")
        tree = Tree()
        for descriptor, diff_id in zip(manifest.layers, config.diff_ids, strict=False):
            self._layer(descriptor, diff_id, tree)

    def _config(self, manifest: Manifest, config: ImageConfig) -> None:
        name = manifest.config.digest
        self._expect(config.platform.os and config.platform.architecture, f"{name} lacks os or architecture")
        rootfs = json.loads(self._layout.read(manifest.config)).get("rootfs") or {}
        self._expect(rootfs.get("type") == "layers", f"{name}: rootfs.type is not layers")
        count = len(manifest.layers)
        self._expect(len(config.diff_ids) == count, f"{name} has {len(config.diff_ids)} diff IDs for {count} layers")
        full = [step for step in config.history if not step.get("empty_layer")]
        self._expect(len(full) == count, f"{name} has a history of {len(full)} layers, the image has {count}")
        times = [config.created, *(str(step.get("created") or "") for step in config.history)]
        for time in filter(None, times):
            self._expect(_RFC_3339.fullmatch(time), f"{name}: {time!r} is not a time of RFC 3339")

    def _layer(self, descriptor: Descriptor, diff_id: Digest, tree: Tree) -> None:
        kind = mediatype.oci_form(descriptor.media_type)
        self._expect(kind in _LAYER_TYPES, f"{descriptor.digest}: {kind} is no media type of a layer")
        with self._collect(), self._layout.open_blob(descriptor) as stream:
            found, faults = check_layer(stream, descriptor.media_type, tree)
            self.faults.extend(f"{descriptor.digest}: {fault}" for fault in faults)
            self._expect(found == diff_id, f"{descriptor.digest} has the diff ID {found}, not {diff_id}")
