"""Images in memory: a source of blobs with one root."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from tagboat.errors import LayoutError
from tagboat.oci import canonical, mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.platform import Platform


class MemoryImage:
    """An image of one platform, or an index of several, with the protocol of a layout."""

    def __init__(
        self,
        layers: Sequence[bytes],
        platforms: Sequence[str] = ("linux/amd64",),
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.labels = dict(labels or {})
        self.contents: dict[str, bytes] = {}
        self.opened: list[str] = []
        children = [self._image(layers, Platform.parse(platform)) for platform in platforms]
        self.root = children[0]
        if len(children) > 1:
            index = Index.make(
                manifests=[
                    child.with_platform(Platform.parse(platform))
                    for child, platform in zip(children, platforms, strict=True)
                ]
            )
            self.root = self.add(mediatype.INDEX, index.raw)

    def add(self, media_type: str, content: bytes) -> Descriptor:
        """Keep a content and return its descriptor."""
        descriptor = Descriptor.of(media_type, content)
        self.contents[descriptor.digest] = content
        return descriptor

    def read(self, descriptor: Descriptor) -> bytes:
        """Return a content."""
        return self._get(descriptor)

    def open_blob(self, descriptor: Descriptor) -> BinaryIO:
        """Return a content as a stream, and note that it was asked for."""
        self.opened.append(descriptor.digest)
        return _Stream(self._get(descriptor))

    def _get(self, descriptor: Descriptor) -> bytes:
        if descriptor.digest not in self.contents:
            raise LayoutError(f"{descriptor.digest} is missing")
        return self.contents[descriptor.digest]

    def _image(self, layers: Sequence[bytes], platform: Platform) -> Descriptor:
        pointers = [self.add(mediatype.LAYER, layer) for layer in layers]
        config = {
            **platform.to_json(),
            "rootfs": {"type": "layers", "diff_ids": [pointer.digest for pointer in pointers]},
            "config": {"Labels": self.labels} if self.labels else {},
        }
        manifest = Manifest.make(config=self.add(mediatype.CONFIG, canonical.encode(config)), layers=pointers)
        return self.add(mediatype.MANIFEST, manifest.raw)

    @property
    def blobs(self) -> dict[str, bytes]:
        """Everything that is no manifest."""
        return {digest: content for digest, content in self.contents.items() if not _is_manifest(content)}


class _Stream(io.BytesIO):
    """A stream that can only be read on, as those of archives."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation("seek")


def _is_manifest(content: bytes) -> bool:
    return content.startswith(b"{") and "schemaVersion" in json.loads(content)
