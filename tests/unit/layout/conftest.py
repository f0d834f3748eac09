"""Small images in layouts."""

from __future__ import annotations

import pytest

from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.write import write_layer
from tagboat.layout.blobs import BlobStore
from tagboat.layout.writer import LayoutWriter
from tagboat.oci import mediatype
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Manifest
from tagboat.oci.platform import Platform


def add_image(blobs: BlobStore, text: str, platform: str = "linux/amd64") -> Descriptor:
    """Add an image of one layer that holds one file with this text."""
    with blobs.new_blob() as blob:
        content = BytesContent(text.encode())
        layer = write_layer([Entry("greeting", Kind.FILE, 0o644, size=len(content.data), content=content)], blob)
        digest, size = blob.commit()
    config = ImageConfig(
        platform=Platform.parse(platform),
        created="2024-01-02T03:04:05Z",
        diff_ids=(layer.diff_id,),
        history=({"created": "2024-01-02T03:04:05Z", "created_by": "test"},),
    )
    blobs.add(config.encode())
    manifest = Manifest.make(
        config=Descriptor.of(mediatype.CONFIG, config.encode()),
        layers=[Descriptor(media_type=layer.media_type, digest=digest, size=size)],
    )
    blobs.add(manifest.raw)
    return manifest.descriptor.with_platform(config.platform)


@pytest.fixture
def make_image():
    """Give the function that adds a small image to a blob store."""
    return add_image


@pytest.fixture
def layout(tmp_path):
    """Write the folder of a layout with one image of one layer."""
    with LayoutWriter(tmp_path / "layout") as writer:
        return writer.commit([add_image(writer.blobs, "hello")])
