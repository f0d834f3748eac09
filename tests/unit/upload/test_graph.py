"""The laws of reading what an image consists of."""

from __future__ import annotations

import pytest

from fakes.images import MemoryImage
from tagboat.errors import LayoutError
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index, Manifest
from tagboat.upload.graph import read_graph


def test_children_come_before_what_names_them():
    """An index of indexes is read in levels, the root alone in the last; a child named twice is there once."""
    image = MemoryImage([b"a"], ["linux/amd64", "linux/arm64"])
    outer = image.add(mediatype.INDEX, Index.make(manifests=[image.root, image.root]).raw)
    graph = read_graph(image, outer)
    assert [len(level) for level in graph.levels] == [2, 1, 1]
    assert graph.levels[-1] == (graph.root,)


def test_blobs_come_once_and_the_biggest_first():
    """Shared layers are one blob, and sizes fall."""
    graph = read_graph(*(image := MemoryImage([b"a", b"bbb" * 999, b"a"], ["linux/amd64", "linux/arm64"]), image.root))
    sizes = [blob.size for blob in graph.blobs]
    assert len(sizes) == 4
    assert sizes == sorted(sizes, reverse=True)
    assert graph.blob_bytes == sum(sizes)


def test_layers_that_live_elsewhere_are_not_for_pushing():
    """Foreign layers are named by the manifest and left where they are."""
    image = MemoryImage([b"a"])
    config = image.add(mediatype.CONFIG, b"{}")
    foreign = Descriptor.of(mediatype.DOCKER_FOREIGN_LAYER, b"windows")
    other = Descriptor.of("application/vnd.oci.image.layer.nondistributable.v1.tar", b"x")
    root = image.add(mediatype.MANIFEST, Manifest.make(config=config, layers=[foreign, other]).raw)
    assert read_graph(image, root).blobs == (config,)


def test_an_empty_index_is_its_own_only_level():
    """An index without manifests is pushed alone."""
    image = MemoryImage([b"a"])
    root = image.add(mediatype.INDEX, Index.make(manifests=[]).raw)
    assert [len(level) for level in read_graph(image, root).levels] == [1]


def test_a_manifest_that_was_changed_is_refused():
    """Bytes that do not have their digest are not pushed under another."""
    image = MemoryImage([b"a"])
    image.contents[image.root.digest] += b" "
    with pytest.raises(LayoutError):
        read_graph(image, image.root)
