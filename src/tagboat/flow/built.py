"""What building leaves: a layout on disk and the digests in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """One platform's image: the descriptors of its manifest, its configuration and its layers, the base's first."""

    manifest: Descriptor
    config: Descriptor
    layers: tuple[Descriptor, ...] = ()

    @property
    def layer_bytes(self) -> int:
        """What a client that has none of the layers must fetch."""
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An OCI image layout folder and its root: a manifest for one platform, an index for several."""

    layout: Path
    root: Descriptor
    images: Mapping[Platform, BuiltImage]

    @property
    def digests(self) -> dict[str, Digest]:
        """The manifest digest of each platform."""
        return {str(platform): image.manifest.digest for platform, image in self.images.items()}

    @property
    def image_id(self) -> str:
        """The digest of the configuration when there is one platform, else of the root."""
        if len(self.images) == 1:
            return str(next(iter(self.images.values())).config.digest)
        return str(self.root.digest)
